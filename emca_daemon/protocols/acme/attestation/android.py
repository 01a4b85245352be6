"""`android-key`: keys of Android's hardware-backed keystore (WebAuthn 8.4, KeyDescription of Android's keystore)."""

from hashlib import sha256
from hmac import compare_digest
from typing import Final

from cryptography import x509

from emca_daemon.asn1 import ber
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.attestation.paths import extension_octets, public_key
from emca_daemon.protocols.acme.attestation.signatures import check_signature
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, bad_statement

KEY_DESCRIPTION: Final = "1.3.6.1.4.1.11129.2.1.17"

_HARDWARE: Final = frozenset({1, 2})
"""SecurityLevel: TrustedEnvironment and StrongBox; 0 is software."""
_TAGS: Final = (0x02, 0x0A, 0x02, 0x0A, 0x04, 0x04, 0x30, 0x30)
_ORIGIN, _ALL_APPLICATIONS, _SERIAL = 702, 600, 713
_MOST_TAGS: Final = 64
_GENERATED: Final = b"\x02\x01\x00"


def android_key(statement: Statement, leaf: x509.Certificate, asked: Asked) -> Attested:
    """The serial number that hardware vouches for; the attested key signs the key authorization, too."""
    encoded = extension_octets(leaf, KEY_DESCRIPTION)
    if encoded is None:
        raise bad_statement("the attestation's certificate has no description of the key")
    key = public_key(leaf)
    try:
        parts = ber.elements(ber.element(encoded).content, 8)
        if tuple(one.tag for one in parts) != _TAGS:
            raise Refused(Reason.MALFORMED, "other parts than those of a KeyDescription")
        software, hardware = _authorizations(parts[6].content), _authorizations(parts[7].content)
        serials = _serials(hardware)
    except Refused as refused:
        raise bad_statement(f"the description of the key cannot be read: {refused.detail}") from None
    if not compare_digest(parts[4].content, sha256(asked.key_authorization.encode()).digest()):
        raise bad_statement("the attestation was not made for this challenge")
    if any(int.from_bytes(parts[level].content) not in _HARDWARE for level in (1, 3)):
        raise bad_statement("the key is kept by software")
    if hardware.get(_ORIGIN) != _GENERATED or _ALL_APPLICATIONS in {**software, **hardware}:
        raise bad_statement("the key was not made by the hardware, or is everybody's")
    check_signature(key, statement.octets("sig"), asked.key_authorization.encode())
    return Attested(key, serials)


def _serials(hardware: dict[int, bytes]) -> frozenset[str]:
    if _SERIAL not in hardware:
        return frozenset()
    value = ber.element(hardware[_SERIAL])
    if value.tag != 0x04 or not value.content.isascii():
        raise Refused(Reason.MALFORMED, "a serial number that is no text")
    return frozenset({value.content.decode()})


def _authorizations(content: bytes) -> dict[int, bytes]:
    """The content of an AuthorizationList by context-specific tag, most of which need several octets."""
    found: dict[int, bytes] = {}
    position = 0
    while position < len(content):
        number, start = _tag(content, position)
        if len(found) == _MOST_TAGS:
            raise Refused(Reason.MALFORMED, "too many tags")
        # with a tag of one octet in its place the value is read like any other
        end, value = _value(b"\xa0" + content[start:])
        found[number] = value
        position = start + end - 1
    return found


def _tag(content: bytes, position: int) -> tuple[int, int]:
    """The number of a constructed context-specific tag, and where its length begins."""
    first, position = content[position], position + 1
    if first & 0xE0 != 0xA0:
        raise Refused(Reason.MALFORMED, "a tag that is not expected")
    if first & 0x1F != 0x1F:
        return first & 0x1F, position
    number = 0
    for octet in content[position : position + 3]:
        position += 1
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            return number, position
    raise Refused(Reason.MALFORMED, "a tag that is too long")


def _value(data: bytes) -> tuple[int, bytes]:
    """How long the value at the beginning is, all in all, and its content."""
    size = data[1] if len(data) > 1 else 0
    octets = size & 0x7F if size & 0x80 else 0
    if octets > 3 or len(data) < 2 + octets:
        raise Refused(Reason.MALFORMED, "a length that is too long")
    length = int.from_bytes(data[2 : 2 + octets]) if size & 0x80 else size
    end = 2 + octets + length
    return end, ber.element(data[:end]).content
