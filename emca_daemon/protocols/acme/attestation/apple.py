"""`apple`: Managed Device Attestation. The first certificate is about the device's key itself."""

from hashlib import sha256
from hmac import compare_digest

from cryptography import x509

from emca_daemon.protocols.acme.attestation.paths import extension_octets, public_key
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, bad_statement

SERIAL_NUMBER = "1.2.840.113635.100.8.9.1"
UDID = "1.2.840.113635.100.8.9.2"
FRESHNESS = "1.2.840.113635.100.8.11.1"


def apple(statement: Statement, leaf: x509.Certificate, asked: Asked) -> Attested:
    """Serial number and UDID; the freshness code is SHA-256 of the challenge's token, as Apple's devices have it.

    SHA-256 of the key authorization is as good.
    """
    assert statement.format == "apple"
    code = extension_octets(leaf, FRESHNESS) or b""
    if not any(compare_digest(code, sha256(one.encode()).digest()) for one in (asked.token, asked.key_authorization)):
        raise bad_statement("the attestation was not made for this challenge")
    found = [extension_octets(leaf, oid) for oid in (SERIAL_NUMBER, UDID)]
    serials = frozenset(one.decode() for one in found if one and one.isascii())
    return Attested(public_key(leaf), serials)
