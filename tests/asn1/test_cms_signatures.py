"""Tests of emca_daemon.asn1.cms_signatures."""

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.asn1 import cms, cms_signatures, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS, MODERN_DIGESTS
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import key

KINDS = ("rsa", "p-256", "p-384", "ed25519", "ed448", "ml-dsa-44")


def reason_of(
    public: CertificatePublicKeyTypes, algorithm: cms.Algorithm, digest: str = "sha256", signature: bytes = b"x"
) -> Reason:
    """Why a signature is refused."""
    with pytest.raises(Refused) as caught:
        cms_signatures.verify(public, algorithm, digest, signature, b"data", MODERN_DIGESTS)
    return caught.value.reason


@pytest.mark.parametrize("kind", KINDS)
def test_signatures_verify_with_the_key_that_made_them(kind: str) -> None:
    """Over the same data only."""
    algorithm, signature = cms_signatures.sign(key(kind), "sha384", b"data")
    public = key(kind).public_key()
    cms_signatures.verify(public, algorithm, "sha384", signature, b"data", MODERN_DIGESTS)
    with pytest.raises(Refused) as caught:
        cms_signatures.verify(public, algorithm, "sha384", signature, b"other", MODERN_DIGESTS)
    assert caught.value.reason is Reason.BAD_INTEGRITY


def test_rsa_signatures_are_called_rsa_encryption() -> None:
    """With NULL, which is the form that old readers know."""
    algorithm, signature = cms_signatures.sign(key(), "sha256", b"data")
    assert algorithm == cms.Algorithm(cms_signatures.RSA_ENCRYPTION, der.NULL)
    named = cms.Algorithm("1.2.840.113549.1.1.11", der.NULL)
    cms_signatures.verify(key().public_key(), named, "sha512", signature, b"data", MODERN_DIGESTS)


def test_ecdsa_may_leave_the_digest_open() -> None:
    """id-ecPublicKey as signature algorithm, as some write it."""
    _, signature = cms_signatures.sign(key("p-256"), "sha256", b"data")
    public = key("p-256").public_key()
    cms_signatures.verify(public, cms.Algorithm("1.2.840.10045.2.1"), "sha256", signature, b"data", MODERN_DIGESTS)


def test_pss_is_read_from_its_parameters() -> None:
    """Digest, mask and salt."""
    algorithm, signature = cms_signatures.sign(key(), "sha512", b"data", pss=True)
    assert cms_signatures.read_pss_parameters(algorithm.parameters) == ("sha512", 64)
    cms_signatures.verify(key().public_key(), algorithm, "sha512", signature, b"data", MODERN_DIGESTS)
    assert cms_signatures.read_pss_parameters(None) == ("sha1", 20)
    assert reason_of(key().public_key(), cms.Algorithm(cms_signatures.RSASSA_PSS)) is Reason.ALGORITHM_REFUSED


@pytest.mark.parametrize(
    "parameters",
    [
        der.sequence(der.explicit(0, cms.write_algorithm(cms.Algorithm(DIGEST_OIDS["sha256"])))),
        der.sequence(der.explicit(1, cms.write_algorithm(cms.Algorithm("1.2.3", der.NULL)))),
        der.sequence(der.explicit(1, cms.write_algorithm(cms.Algorithm("1.2.840.113549.1.1.8")))),
        der.sequence(der.explicit(2, der.integer(100_000))),
    ],
)
def test_odd_parameters_of_pss_are_refused(parameters: bytes) -> None:
    """A mask of another digest, another mask, an endless salt."""
    assert reason_of(key().public_key(), cms.Algorithm(cms_signatures.RSASSA_PSS, parameters)) is (
        Reason.ALGORITHM_REFUSED
    )


def test_algorithms_must_be_allowed_and_fit_the_key() -> None:
    """SHA-1 by any name; ECDSA with RSA keys; Ed25519 with others."""
    rsa_key, ec_key, ed_key = (key(kind).public_key() for kind in ("rsa", "p-256", "ed25519"))
    for public, oid in (
        (rsa_key, "1.2.840.113549.1.1.5"),
        (rsa_key, "1.2.840.10045.4.3.2"),
        (ec_key, "1.2.840.10045.4.1"),
        (ec_key, "1.2.840.113549.1.1.11"),
        (ec_key, "1.2.3"),
        (ed_key, "1.3.101.113"),
    ):
        assert reason_of(public, cms.Algorithm(oid)) is Reason.ALGORITHM_REFUSED
    assert reason_of(rsa_key, cms.Algorithm(cms_signatures.RSA_ENCRYPTION), "sha1") is Reason.ALGORITHM_REFUSED


def test_huge_keys_are_not_looked_at() -> None:
    """Their cost grows with the cube."""
    huge = rsa.RSAPublicNumbers(65537, (1 << 17_000) + 1).public_key()
    assert reason_of(huge, cms.Algorithm(cms_signatures.RSA_ENCRYPTION)) is Reason.ALGORITHM_REFUSED


def test_what_cannot_be_computed_is_refused() -> None:
    """A digest and a salt longer than the key can sign: by its kind, not as a signature that is wrong."""
    tiny = rsa.RSAPublicNumbers(65537, (1 << 511) + 111).public_key()
    algorithm = cms.Algorithm(
        cms_signatures.RSASSA_PSS,
        der.sequence(
            der.explicit(0, cms.write_algorithm(cms.Algorithm(DIGEST_OIDS["sha512"]))),
            der.explicit(1, cms.write_algorithm(cms_signatures.mask_algorithm("sha512"))),
            der.explicit(2, der.integer(64)),
        ),
    )
    assert reason_of(tiny, algorithm, "sha512", bytes(64)) is Reason.ALGORITHM_REFUSED


def test_dsa_signs_nothing() -> None:
    """As everywhere here."""
    with pytest.raises(Refused) as caught:
        cms_signatures.sign(dsa.generate_private_key(1024), "sha256", b"data")
    assert caught.value.reason is Reason.ALGORITHM_REFUSED


def test_the_trailer_of_pss_may_be_spelled_out() -> None:
    """As the one there is; any other, and a fifth parameter, are refused (RFC 4055 3.1)."""
    assert cms_signatures.read_pss_parameters(der.sequence(der.explicit(3, der.integer(1)))) == ("sha1", 20)
    for odd in (der.explicit(3, der.integer(2)), der.explicit(4, der.integer(1))):
        with pytest.raises(Refused) as caught:
            cms_signatures.read_pss_parameters(der.sequence(odd))
        assert caught.value.reason is Reason.ALGORITHM_REFUSED
