"""For whom a generated key is encrypted, and by which cipher; operations/test_serverkeygen.py opens what comes out."""

from unittest.mock import sentinel

import pytest
from cryptography import x509

from emca_daemon.asn1 import cms_enveloping, der
from emca_daemon.asn1.cms_algorithms import MODERN_CIPHERS
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.est.key_delivery import cipher_of, read_keys, recipient_of, wants_encryption
from emca_daemon.protocols.est.requests import (
    ASYMMETRIC_DECRYPT_KEY_IDENTIFIER,
    DECRYPT_KEY_IDENTIFIER,
    SMIME_CAPABILITIES,
    EnrollmentRequest,
)
from tests.support.makers import Maker

AES_128_CBC = "2.16.840.1.101.3.4.1.2"
TRIPLE_DES = "1.2.840.113549.3.7"


def asking(**attributes: bytes) -> EnrollmentRequest:
    """A request with these attributes: `symmetric`, `asymmetric`, `capabilities`."""
    oids = {
        "symmetric": DECRYPT_KEY_IDENTIFIER,
        "asymmetric": ASYMMETRIC_DECRYPT_KEY_IDENTIFIER,
        "capabilities": SMIME_CAPABILITIES,
    }
    named = {oids[name]: value for name, value in attributes.items()}
    return EnrollmentRequest(b"", sentinel.facts, None, named)


def test_a_file_of_keys() -> None:
    """IDENTIFIER HEXKEY, each an AES key."""
    assert read_keys("# keys\na " + "00" * 16 + "\n\nb " + "ff" * 32) == {b"a": bytes(16), b"b": b"\xff" * 32}
    for line in ("a", "a 00", "a zz", "a " + "00" * 16 + " b"):
        with pytest.raises(Refused, match="line 1"):
            read_keys(line)


def test_a_request_names_its_key() -> None:
    """Symmetric by the settings, asymmetric by the TLS client certificate."""
    certificate = Maker("m").device()
    client = Client(None, TrustedCertificate(certificate))
    assert not wants_encryption(asking())
    assert wants_encryption(asking(symmetric=b"k"))
    assert recipient_of(asking(symmetric=b"k"), Client(), {b"k": bytes(16)}) == cms_enveloping.ToKey(b"k", bytes(16))
    identifier = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    found = recipient_of(asking(asymmetric=identifier), client, {})
    assert found == cms_enveloping.ToCertificate(certificate, oaep="sha256")
    for request, who in (
        (asking(asymmetric=b"x"), client),
        (asking(asymmetric=identifier), Client()),
        (asking(symmetric=b"x"), client),
    ):
        with pytest.raises(Refused) as refused:
            recipient_of(request, who, {})
        assert refused.value.reason is Reason.KEY_REFUSED


def test_the_first_cipher_that_both_know_is_taken() -> None:
    """AES-256-CBC where the request says nothing that is known."""

    def capabilities(*oids: str) -> bytes:
        return b"".join(der.sequence(der.oid(oid)) for oid in oids)

    assert cipher_of(asking()) == "aes-256-cbc"
    assert cipher_of(asking(capabilities=capabilities(TRIPLE_DES, AES_128_CBC))) == "aes-128-cbc"
    assert cipher_of(asking(capabilities=capabilities(TRIPLE_DES))) == "aes-256-cbc"
    known = {cipher_of(asking(capabilities=capabilities(f"2.16.840.1.101.3.4.1.{n}"))) for n in (2, 22, 42, 6, 26, 46)}
    assert known == MODERN_CIPHERS
