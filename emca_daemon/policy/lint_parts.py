"""The parts of a to-be-signed certificate as bytes (RFC 5280 4.1), for checks that must not trust a re-encoding."""

from collections.abc import Iterator
from dataclasses import dataclass

from emca_daemon.errors import Reason, Refused

SEQUENCE = 0x30
SET = 0x31
_INTEGER = 0x02
_BOOLEAN = 0x01
_OCTET_STRING = 0x04
_OID = 0x06
_VERSION = 0xA0
_EXTENSIONS = 0xA3
_TIMES = (0x17, 0x18)


@dataclass(frozen=True, slots=True)
class Element:
    """One TLV: its identifier octet, its content, and the whole of it."""

    tag: int
    content: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class ExtensionPart:
    """One extension: `oid` is the content of the OBJECT IDENTIFIER, `value` the DER inside the OCTET STRING."""

    oid: bytes
    critical: bool
    value: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class TbsParts:
    """A TBSCertificate taken apart; every part is a whole TLV except `version`, `serial` (contents) and extensions."""

    version: bytes
    serial: bytes
    algorithm: bytes
    issuer: bytes
    not_before: Element
    not_after: Element
    subject: bytes
    key: bytes
    extensions: tuple[ExtensionPart, ...]


def elements(content: bytes) -> Iterator[Element]:
    """The TLVs in a row of them; raises Refused(INTERNAL) where the bytes are not DER with one-octet tags."""
    position, end = 0, len(content)
    while position < end:
        start = position
        if position + 2 > end:
            raise _not_der()
        tag, size = content[position], content[position + 1]
        position += 2
        if size >= 0x80:
            octets = size & 0x7F
            size = int.from_bytes(content[position : position + octets], "big")
            position += octets
            if not 1 <= octets <= 4 or size < 0x80:
                raise _not_der()
        if tag & 0x1F == 0x1F or position + size > end:
            raise _not_der()
        yield Element(tag, content[position : position + size], content[start : position + size])
        position += size


def inside(whole: bytes, tag: int) -> bytes:
    """The content of the one TLV that these bytes are, which must have that tag."""
    found = list(elements(whole))
    if len(found) != 1:
        raise _not_der()
    return _expect(found[0], tag).content


def take_apart(tbs: bytes) -> TbsParts:
    """The parts of a TBSCertificate; raises Refused(INTERNAL) unless it is a v2 or v3 certificate without unique ids.

    Only what the CA built itself comes here: a failure is its mistake and not the requester's.
    """
    fields = list(elements(inside(tbs, SEQUENCE)))
    if len(fields) not in (7, 8):
        raise _not_der()
    times = list(elements(_expect(fields[4], SEQUENCE).content))
    if len(times) != 2 or any(time.tag not in _TIMES for time in times):
        raise _not_der()
    extensions: tuple[ExtensionPart, ...] = ()
    if len(fields) == 8:
        row = inside(_expect(fields[7], _EXTENSIONS).content, SEQUENCE)
        extensions = tuple(_extension(element) for element in elements(row))
    return TbsParts(
        version=inside(_expect(fields[0], _VERSION).content, _INTEGER),
        serial=_expect(fields[1], _INTEGER).content,
        algorithm=_expect(fields[2], SEQUENCE).whole,
        issuer=_expect(fields[3], SEQUENCE).whole,
        not_before=times[0],
        not_after=times[1],
        subject=_expect(fields[5], SEQUENCE).whole,
        key=_expect(fields[6], SEQUENCE).whole,
        extensions=extensions,
    )


def _extension(element: Element) -> ExtensionPart:
    """Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }."""
    fields = list(elements(_expect(element, SEQUENCE).content))
    if len(fields) == 3:
        critical = _expect(fields[1], _BOOLEAN).content == b"\xff"
    elif len(fields) == 2:
        critical = False
    else:
        raise _not_der()
    value = _expect(fields[-1], _OCTET_STRING).content
    return ExtensionPart(_expect(fields[0], _OID).content, critical, value, element.whole)


def _expect(element: Element, tag: int) -> Element:
    """The element, which must have that tag."""
    if element.tag != tag:
        raise _not_der()
    return element


def _not_der() -> Refused:
    """What is wrong with bytes that cannot be taken apart."""
    return Refused(Reason.INTERNAL, "the certificate was not built as RFC 5280 4.1 has it")
