"""Envelopes for ML-KEM certificates, read and opened by another decoder."""

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from pyasn1.codec.der.encoder import encode

from emca_daemon.asn1 import ber, cms, der
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPublicKey, envelop
from emca_daemon.randomness import system_random
from tests.support.cmp_kem import device
from tests.support.cms_kem import kem_recipient, opened

KINDS = [(mlkem.MLKEM768PrivateKey, "2.16.840.1.101.3.4.4.2"), (mlkem.MLKEM1024PrivateKey, "2.16.840.1.101.3.4.4.3")]


@pytest.mark.parametrize("material", [None, b"material"])
@pytest.mark.parametrize(("kind", "oid"), KINDS)
def test_the_holder_opens_it(
    kind: type[mlkem.MLKEM768PrivateKey] | type[mlkem.MLKEM1024PrivateKey], oid: str, material: bytes | None
) -> None:
    """By the kind of the key, with and without user keying material; in strict DER."""
    key = kind.generate()
    recipient = ToCertificate(device(key), by_key_identifier=material is None, user_material=material)
    written = envelop(b"content", [recipient], "aes-256-cbc", system_random)
    assert ber.to_der(written) == written
    enveloped = cms.read_content_info(written)[1]
    info = kem_recipient(enveloped)
    assert str(info["kem"]["algorithm"]) == oid
    assert opened(enveloped, key) == b"content"
    assert info["rid"].getName() == ("subjectKeyIdentifier" if material is None else "issuerAndSerialNumber")
    expected = cms.issuer_and_serial(recipient.certificate)
    assert material is None or encode(info["rid"].getComponent()) == expected


@pytest.mark.parametrize(("kind", "oid"), KINDS)
def test_a_key_without_a_certificate(
    kind: type[mlkem.MLKEM768PrivateKey] | type[mlkem.MLKEM1024PrivateKey], oid: str
) -> None:
    """Is called by a name and a number; its holder opens the envelope."""
    key = kind.generate()
    recipient = ToPublicKey(key.public_key(), der.sequence(), 7, None, b"material")
    enveloped = cms.read_content_info(envelop(b"content", [recipient], "aes-256-cbc", system_random))[1]
    info = kem_recipient(enveloped)
    assert str(info["kem"]["algorithm"]) == oid
    assert opened(enveloped, key) == b"content"
    assert encode(info["rid"].getComponent()) == der.sequence(der.sequence(), der.integer(7))


def test_nobody_else_does() -> None:
    """Another key decapsulates another secret, which unwraps nothing."""
    written = envelop(b"x", [ToCertificate(device(mlkem.MLKEM768PrivateKey.generate()))], "aes-256-cbc", system_random)
    with pytest.raises(InvalidUnwrap):
        opened(cms.read_content_info(written)[1], mlkem.MLKEM768PrivateKey.generate())
