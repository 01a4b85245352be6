"""Tests of emca_daemon.asn1.cms_agreement."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import cms, cms_agreement, der
from emca_daemon.errors import Reason, Refused
from emca_daemon.signers.pkcs11_keys import TokenEllipticCurveKey
from tests.support.cms_world import counted

KEY = counted(16)


def pair(kind: str) -> tuple[cms_agreement.AgreementPrivateKey, cms_agreement.AgreementPrivateKey]:
    """Two keys of a kind."""
    if kind == "x25519":
        return x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
    if kind == "x448":
        return x448.X448PrivateKey.generate(), x448.X448PrivateKey.generate()
    return ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())


def test_keys_in_tokens_agree_on_nothing() -> None:
    """AlgorithmRefused; malformed where the two are not of one kind."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()

    def sign(data: bytes, _mechanism: object, _parameters: object) -> bytes:
        return data

    with pytest.raises(Refused) as caught:
        cms_agreement.agree(TokenEllipticCurveKey(public, sign), public)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    with pytest.raises(Refused) as caught:
        cms_agreement.agree(x25519.X25519PrivateKey.generate(), public)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("kind", ["p-384", "x25519", "x448"])
def test_both_sides_find_the_same_key(kind: str) -> None:
    """The originator is read from its bits; a stranger finds nothing."""
    ephemeral, recipient = pair(kind)
    algorithm, wrapped = cms_agreement.wrap(ephemeral, recipient.public_key(), KEY, cms_agreement.WRAP_AES_128)
    public = ephemeral.public_key()
    bits = (
        public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        if isinstance(public, ec.EllipticCurvePublicKey)
        else public.public_bytes_raw()
    )
    originator = cms_agreement.read_originator(recipient, cms_agreement.originator_algorithm(public), bits)
    assert cms_agreement.unwrap(recipient, originator, algorithm, None, wrapped) == KEY
    assert cms_agreement.unwrap(recipient, originator, algorithm, b"other", wrapped) is None
    assert cms_agreement.unwrap(recipient, originator, algorithm, None, wrapped[:-1]) is None
    assert cms_agreement.unwrap(pair(kind)[0], originator, algorithm, None, wrapped) is None


def test_originators_must_be_on_the_same_curve() -> None:
    """Neither another kind, nor a point that is none."""
    own, other = pair("p-384")[0], pair("x25519")[0]
    ec_algorithm = cms.Algorithm(cms_agreement.EC_PUBLIC_KEY)
    for key, algorithm, bits in (
        (own, ec_algorithm, b"\x04" + bytes(96)),
        (own, cms.Algorithm(cms_agreement.X25519), bytes(32)),
        (other, cms.Algorithm(cms_agreement.X25519), bytes(31)),
        (pair("x448")[0], cms.Algorithm(cms_agreement.X448), bytes(31)),
        (other, ec_algorithm, bytes(32)),
    ):
        with pytest.raises(Refused) as caught:
            cms_agreement.read_originator(key, algorithm, bits)
        assert caught.value.reason is Reason.MALFORMED


def test_keys_that_do_not_agree_are_refused() -> None:
    """Of different kinds, or the point from which every secret is zero."""
    own, other = pair("p-384")[0], pair("x25519")[0]
    with pytest.raises(Refused) as caught:
        cms_agreement.unwrap(own, other.public_key(), cms.Algorithm("1.2.3"), None, b"")
    assert caught.value.reason is Reason.MALFORMED
    zero = x25519.X25519PublicKey.from_public_bytes(bytes(32))
    with pytest.raises(Refused):
        cms_agreement.unwrap(other, zero, cms.Algorithm("1.2.3"), None, b"")


def test_unknown_schemes_and_wraps_are_refused() -> None:
    """By name, before anything is derived with them."""
    ephemeral, recipient = pair("x25519")
    wrap = cms.write_algorithm(cms.Algorithm(cms_agreement.WRAP_AES_256))
    unknown = cms.write_algorithm(cms.Algorithm("1.2.840.113549.1.9.16.3.6", der.NULL))
    for algorithm in (
        cms.Algorithm("1.2.3", wrap),
        cms.Algorithm(cms_agreement.HKDF_SHA256),
        cms.Algorithm(cms_agreement.HKDF_SHA256, unknown),
    ):
        with pytest.raises(Refused) as caught:
            cms_agreement.unwrap(recipient, ephemeral.public_key(), algorithm, None, bytes(24))
        assert caught.value.reason is Reason.ALGORITHM_REFUSED
