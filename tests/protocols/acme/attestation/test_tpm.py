"""What clients with a TPM send."""

from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509

from emca_daemon.asn1.cbor import Value
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, read_statement
from emca_daemon.protocols.acme.attestation.tpm import tpm
from emca_daemon.protocols.acme.device_names import permanent_identifier, read_device_name
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support import attester
from tests.support.attester import (
    Key,
    Maker,
    attestation_key_extensions,
    cert_info,
    new_key,
    public_area,
    rsa_key,
    tpm_signature,
)

ASKED = Asked("token", "token.thumbprint")
DIGEST = sha256(b"token.thumbprint").digest()
NAME = permanent_identifier("device-1", "1.2.3")
MODULE = read_device_name("hardware-module", "TPM/2.23.133.1.2")


def judged(key: Key | None = None, **changes: Value) -> Attested:
    """The statement, its chain trusted."""
    assert MODULE is not None
    statement = read_statement(attester.tpm(Maker(), b"token.thumbprint", NAME, MODULE, key=key, **changes))
    return tpm(statement, x509.load_der_x509_certificate(statement.certificates[0]), ASKED)


@pytest.mark.parametrize("key", [new_key(), rsa_key()])
def test_the_names_of_the_attestation_key(key: Key) -> None:
    """Permanent identifiers, with and without their assigner, and hardware modules."""
    found = judged(key)
    assert found.key == key.public_key()
    assert found.names == {NAME, MODULE}
    assert found.serials == {"device-1"}


def changed(info: bytes, area: bytes) -> dict[str, Value]:
    """A statement that says something else, signed by the attestation key."""
    return {"certInfo": info, "pubArea": area, "sig": tpm_signature(new_key("attestation key"), info)}


def test_what_is_said() -> None:
    """Another challenge, another key, one that may leave the TPM, a signature by somebody else, another version."""
    area, other = public_area(new_key()), public_area(new_key("other"))
    leaving = public_area(new_key(), 0x60052)
    for changes, why in (
        (changed(cert_info(b"x", area), area), "challenge"),
        (changed(cert_info(DIGEST, area), other), "another key"),
        (changed(cert_info(DIGEST, leaving), leaving), "may leave"),
        ({"sig": tpm_signature(new_key(), cert_info(DIGEST, area))}, "verify"),
        ({"ver": "1.2"}, "2.0"),
        ({"certInfo": None}, "certInfo"),
    ):
        with pytest.raises(AcmeRefusal) as refused:
            judged(**changes)
        assert why in refused.value.detail


def test_certificates_of_attestation_keys() -> None:
    """No subject, no authority, the purpose, the names of the TPM (WebAuthn 8.3.1)."""
    statement = Statement("tpm", {"ver": "2.0"})
    good = attestation_key_extensions()
    authority = (x509.BasicConstraints(ca=True, path_length=None), True)
    purpose = (x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.2.3")]), False)
    nameless = (x509.SubjectAlternativeName([x509.DNSName("a.example")]), True)
    odd = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01\xff")
    unreadable = (x509.SubjectAlternativeName([*good[0][0], odd]), True)  # type: ignore[misc]
    cases: list[tuple[list[Any], str]] = [
        (good, "subject"),
        (good[:2], ""),
        ([good[0], good[1], authority], ""),
        ([good[0], purpose, good[2]], ""),
        ([nameless, good[1], good[2]], ""),
        ([unreadable, good[1], good[2]], ""),
    ]
    for extensions, subject in cases:
        leaf = x509.load_der_x509_certificate(Maker().leaf(new_key(), *extensions, subject=subject))
        with pytest.raises(AcmeRefusal) as refused:
            tpm(statement, leaf, ASKED)
        assert "attestation key" in refused.value.detail
