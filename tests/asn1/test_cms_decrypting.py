"""Tests of emca_daemon.asn1.cms_decrypting."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import cms, cms_decrypting, cms_enveloped, cms_signatures, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS, MODERN_CIPHERS
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword, envelop
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import certificate, counted, key, rsa_key


def enveloped(*recipients: ToCertificate | ToPassword, cipher: str = "aes-128-cbc") -> cms_enveloped.Enveloped:
    """An envelope, read."""
    return cms_enveloped.read_enveloped_data(envelop(b"content", recipients, cipher, counted))


def transport(encrypted: bytes, algorithm: cms.Algorithm | None = None) -> cms_enveloped.KeyTransport:
    """A recipient with that encrypted key."""
    return cms_enveloped.KeyTransport(
        cms.KeyIdentifier(b""), algorithm or cms.Algorithm(cms_signatures.RSA_ENCRYPTION), encrypted
    )


def outcome(recipient: cms_enveloped.KeyTransport, cipher: str = "aes-128-gcm") -> bytes | tuple[Reason, str]:
    """What comes of an envelope with that recipient."""
    try:
        return cms_decrypting.decrypt_with_key(
            enveloped(ToCertificate(certificate()), cipher=cipher),
            recipient,
            key(),
            ciphers=MODERN_CIPHERS,
            random=lambda size: b"\xff" * size,
        )
    except Refused as refusal:
        return refusal.reason, refusal.detail


def test_whatever_is_wrong_with_the_key_looks_the_same() -> None:
    """No padding, a wrong length, a wrong key, no number at all: one refusal (RFC 3218)."""
    public = rsa_key().public_key()
    wrong = [
        bytes(256),
        b"\x01" * 256,
        b"\xff" * 256,
        b"short",
        b"",
        public.encrypt(bytes(16), padding.PKCS1v15()),
        public.encrypt(bytes(15), padding.PKCS1v15()),
        public.encrypt(b"", padding.PKCS1v15()),
        public.encrypt(bytes(200), padding.PKCS1v15()),
    ]
    outcomes = {outcome(transport(encrypted)) for encrypted in wrong}
    assert outcomes == {(Reason.BAD_INTEGRITY, "the envelope cannot be opened")}
    assert outcome(transport(public.encrypt(counted(16), padding.PKCS1v15()))) == b"content"


@given(st.binary(min_size=256, max_size=256))
def test_no_ciphertext_is_an_oracle(encrypted: bytes) -> None:
    """Also with random octets."""
    assert outcome(transport(encrypted)) == (Reason.BAD_INTEGRITY, "the envelope cannot be opened")


def oaep(digest: str, mask: str, label: bytes) -> cms.Algorithm:
    """RSAES-OAEP with all its parameters."""
    digest_algorithm = cms.write_algorithm(cms.Algorithm(DIGEST_OIDS[digest], der.NULL))
    source = cms.write_algorithm(cms.Algorithm("1.2.840.113549.1.1.9", der.octet_string(label)))
    return cms.Algorithm(
        cms_decrypting.RSAES_OAEP,
        der.sequence(
            der.explicit(0, digest_algorithm),
            der.explicit(1, cms.write_algorithm(cms_signatures.mask_algorithm(mask))),
            der.explicit(2, source),
        ),
    )


def test_oaep_is_read_from_its_parameters() -> None:
    """Digest, mask and label; SHA-1 where nothing is said."""
    from cryptography.hazmat.primitives import hashes

    public = rsa_key().public_key()
    mixed = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA256(), b"label")
    assert outcome(transport(public.encrypt(counted(16), mixed), oaep("sha256", "sha1", b"label"))) == b"content"
    plain = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    default = cms.Algorithm(cms_decrypting.RSAES_OAEP)
    assert outcome(transport(public.encrypt(counted(16), plain), default)) == b"content"
    assert outcome(transport(bytes(256), default)) == (Reason.BAD_INTEGRITY, "the envelope cannot be opened")


def test_unknown_key_transport_is_refused() -> None:
    """By name."""
    found = outcome(transport(b"", cms.Algorithm("1.2.3")))
    assert found == (Reason.ALGORITHM_REFUSED, "the key transport 1.2.3 is not known")


def test_ciphers_must_be_allowed() -> None:
    """Triple DES only where the caller says so."""
    read = enveloped(ToCertificate(certificate()), ToPassword(b"secret"), cipher="des-ede3-cbc")
    recipient = read.recipient_for(certificate())
    assert recipient is not None
    with pytest.raises(Refused) as caught:
        cms_decrypting.decrypt_with_key(read, recipient, key(), ciphers=MODERN_CIPHERS, random=counted)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    with pytest.raises(Refused):
        cms_decrypting.decrypt_with_password(read, b"secret", ciphers=MODERN_CIPHERS, random=counted)
    allowed = MODERN_CIPHERS | {"des-ede3-cbc"}
    assert cms_decrypting.decrypt_with_password(read, b"secret", ciphers=allowed, random=counted) == b"content"


def test_the_key_must_be_of_the_recipients_kind() -> None:
    """RSA transports, curves agree, Ed25519 does neither."""
    read = enveloped(ToCertificate(certificate()), ToCertificate(certificate("p-256")))
    for kind, other in (("rsa", "p-256"), ("p-256", "rsa"), ("p-256", "ed25519")):
        recipient = read.recipient_for(certificate(kind))
        assert recipient is not None
        with pytest.raises(Refused) as caught:
            cms_decrypting.decrypt_with_key(read, recipient, key(other), ciphers=MODERN_CIPHERS, random=counted)
        assert caught.value.reason is Reason.ALGORITHM_REFUSED


def test_a_wrong_password_is_a_wrong_key() -> None:
    """With the same refusal; without a password there is nothing to try."""
    with pytest.raises(Refused) as caught:
        cms_decrypting.decrypt_with_password(
            enveloped(ToPassword(b"secret")), b"other", ciphers=MODERN_CIPHERS, random=lambda size: b"\xff" * size
        )
    assert caught.value.reason is Reason.BAD_INTEGRITY
    with pytest.raises(Refused) as caught:
        cms_decrypting.decrypt_with_password(
            enveloped(ToCertificate(certificate())), b"x", ciphers=MODERN_CIPHERS, random=counted
        )
    assert caught.value.reason is Reason.NOT_FOUND


def test_keys_wrapped_for_others_are_wrong_keys() -> None:
    """An agreement that fails is one more wrong key."""
    read = enveloped(ToCertificate(certificate("p-256")), cipher="aes-128-gcm")
    recipient = read.recipient_for(certificate("p-256"))
    assert isinstance(recipient, cms_enveloped.KeyAgreement)
    with pytest.raises(Refused) as caught:
        cms_decrypting.decrypt_with_key(
            read,
            replace(recipient, encrypted_key=bytes(24)),
            key("p-256"),
            ciphers=MODERN_CIPHERS,
            random=lambda size: b"\xff" * size,
        )
    assert caught.value.reason is Reason.BAD_INTEGRITY


def test_parameters_of_oaep_that_do_not_exist_are_refused() -> None:
    """RFC 4055 4.1 has three; a fourth would say something that nobody here knows."""
    odd = cms.Algorithm(cms_decrypting.RSAES_OAEP, der.sequence(der.explicit(3, der.integer(1))))
    assert outcome(transport(bytes(256), odd)) == (
        Reason.ALGORITHM_REFUSED,
        "such parameters of RSAES-OAEP are not supported",
    )


def test_the_digest_of_oaep_is_told() -> None:
    """None for PKCS #1 v1.5 and for passwords; recipients by algorithms that nobody knows are passed over."""
    oaep = enveloped(ToCertificate(certificate(), oaep="sha384"))
    assert cms_decrypting.oaep_digest(oaep) == "sha384"
    strange = transport(b"", cms.Algorithm("1.2.3"))
    assert cms_decrypting.oaep_digest(replace(oaep, recipients=(strange, *oaep.recipients))) == "sha384"
    assert cms_decrypting.oaep_digest(replace(oaep, recipients=(strange,))) is None
    assert cms_decrypting.oaep_digest(enveloped(ToCertificate(certificate()), ToPassword(b"x"))) is None
