"""Identifiers of devices: `permanent-identifier` and `hardware-module` (draft-ietf-acme-device-attest, RFC 4043, 4108).

In an order they are text, `VALUE/OID`; in certificates otherNames, and those are what the rest of the daemon knows.
"""

import re
from typing import Final

from emca_daemon.asn1 import ber, der
from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.errors import malformed

PERMANENT_IDENTIFIER: Final = "1.3.6.1.5.5.7.8.3"
HARDWARE_MODULE: Final = "1.3.6.1.5.5.7.8.4"

_TYPES: Final = {"permanent-identifier": PERMANENT_IDENTIFIER, "hardware-module": HARDWARE_MODULE}
_NAMES: Final = {oid: name for name, oid in _TYPES.items()}
_VALUE: Final = re.compile(r"([^/\x00-\x1f\x7f]{1,255})(?:/([0-2](?:\.\d{1,20}){1,30}))?")
_UTF8, _OCTETS, _OID = 0x0C, 0x04, 0x06


def read_device_name(kind: str, value: str) -> AlternativeName | None:
    """The name behind an identifier, None for one of another type; raises malformed.

    A hardware module must say its type: without it there is no HardwareModuleName.
    """
    if kind not in _TYPES:
        return None
    found = _VALUE.fullmatch(value)
    if found is None:
        raise malformed(f"an identifier of the type `{kind}` is a text without `/`, and perhaps `/` and an OID")
    serial, qualifier = found.groups()
    if kind == "hardware-module" and qualifier is None:
        raise malformed("an identifier of the type `hardware-module` is not certified without `/` and its type's OID")
    try:
        return permanent_identifier(serial, qualifier) if kind != "hardware-module" else _module(qualifier, serial)
    except (ValueError, UnicodeEncodeError):
        raise malformed(f"an identifier of the type `{kind}` ends with no object identifier") from None


def permanent_identifier(value: str, assigner: str | None = None) -> AlternativeName:
    """A PermanentIdentifier (RFC 4043); raises ValueError for an assigner that is no object identifier."""
    parts = [der.tlv(_UTF8, value.encode())] + ([der.oid(assigner)] if assigner is not None else [])
    return _other(PERMANENT_IDENTIFIER, der.sequence(*parts))


def _module(kind: str, serial: str) -> AlternativeName:
    return _other(HARDWARE_MODULE, der.sequence(der.oid(kind), der.octet_string(serial.encode())))


def _other(oid: str, value: bytes) -> AlternativeName:
    return AlternativeName(NameType.OTHER, f"{oid}:{value.hex()}")


def is_device(name: AlternativeName) -> bool:
    """Whether a name is that of a device."""
    return name.type is NameType.OTHER and name.value.partition(":")[0] in _NAMES


def device_identifier(name: AlternativeName) -> tuple[str, str] | None:
    """Type and value of the identifier behind a device's name; None for other names."""
    if not is_device(name):
        return None
    oid, _, content = name.value.partition(":")
    try:
        parts = {one.tag: one for one in ber.elements(ber.element(bytes.fromhex(content)).content, 2)}
        serial = parts[_OCTETS if oid == HARDWARE_MODULE else _UTF8].content.decode()
    except (Refused, KeyError, UnicodeDecodeError, ValueError):
        return None
    qualifier = f"/{_dotted(parts[_OID].content)}" if _OID in parts else ""
    return _NAMES[oid], serial + qualifier


def _dotted(content: bytes) -> str:
    """An object identifier's content octets as text (X.690 8.19)."""
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2) if arcs else 0
    return ".".join(map(str, [first, *(arc - 40 * first for arc in arcs[:1]), *arcs[1:]]))
