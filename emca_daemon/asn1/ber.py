"""BER into DER (X.690 8.1, 10): definite lengths and primitive strings, whatever the sender chose; and a reader of it.

Old and Java-based clients send indefinite lengths and strings in pieces. What is not a matter of lengths and pieces
stays as it was: the order of a SET, for one, for a signature may have been made over it.
"""

from dataclasses import dataclass

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused

MAX_SIZE = 1 << 20
"""Octets read at the most."""
MAX_DEPTH = 48
"""Levels of nesting read at the most."""

_INDEFINITE = -1
_CONSTRUCTED = 0x20
_HIGH_TAG = 0x1F
_OCTET_STRING = 0x04
_BIT_STRING = 0x03
# Universal string and time types, which BER may send in pieces (X.690 8.6.4, 8.7.3, 8.23).
_STRINGS = frozenset({0x03, 0x04, 0x0C, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1E})


@dataclass(frozen=True, slots=True)
class Element:
    """One value in DER: its identifier octet, its content, and all of it."""

    tag: int
    content: bytes
    encoded: bytes


def to_der(data: bytes, *, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> bytes:
    """The one value in `data` with definite, minimal lengths and whole strings.

    Raises Refused(MALFORMED) for everything that is not exactly one BER value within the bounds.
    """
    if len(data) > max_size:
        raise Refused(Reason.MALFORMED, f"more than {max_size} octets")
    encoded, end = _read(data, 0, len(data), max_depth)
    if end != len(data):
        raise Refused(Reason.MALFORMED, "octets follow the end of the value")
    return encoded


def element(encoded: bytes) -> Element:
    """The one value in DER; raises Refused(MALFORMED)."""
    found = elements(encoded)
    if len(found) != 1:
        raise Refused(Reason.MALFORMED, "not exactly one value")
    return found[0]


def elements(content: bytes, limit: int = 10_000) -> list[Element]:
    """The values, one after the other, of which a constructed value's content consists; each tag is of one octet.

    Raises Refused(MALFORMED) where the lengths do not fit, and for more than `limit` values.
    """
    found: list[Element] = []
    position, end = 0, len(content)
    while position < end:
        if content[position] & _HIGH_TAG == _HIGH_TAG or len(found) == limit:
            raise Refused(Reason.MALFORMED, "a tag that is not expected, or too many values")
        length, start = _read_length(content, position + 1, end)
        if length == _INDEFINITE or start + length > end:
            raise Refused(Reason.MALFORMED, "a value is longer than what holds it")
        found.append(
            Element(content[position], content[start : start + length], content[position : start + length]),
        )
        position = start + length
    return found


def _read(data: bytes, start: int, limit: int, depth: int) -> tuple[bytes, int]:
    """One value rewritten, and where the next begins."""
    tag_end = _skip_tag(data, start, limit)
    length, content = _read_length(data, tag_end, limit)
    constructed = data[start] & _CONSTRUCTED
    end = limit if length == _INDEFINITE else content + length
    if end > limit or (length == _INDEFINITE and not constructed):
        raise Refused(Reason.MALFORMED, "a value is longer than what holds it")
    tag = data[start:tag_end]
    if not constructed:
        return _write(tag, data[content:end]), end
    if not depth:
        raise Refused(Reason.MALFORMED, "values are nested too deeply")
    parts, end = _read_parts(data, content, end, length == _INDEFINITE, depth - 1)
    base = data[start] & ~_CONSTRUCTED
    if base in _STRINGS:
        return der.tlv(base, _join(base, parts)), end
    return _write(tag, b"".join(parts)), end


def _read_parts(data: bytes, position: int, end: int, indefinite: bool, depth: int) -> tuple[list[bytes], int]:
    parts: list[bytes] = []
    while indefinite or position < end:
        if indefinite and data[position : position + 2] == b"\0\0" and position + 2 <= end:
            return parts, position + 2
        part, position = _read(data, position, end, depth)
        parts.append(part)
    return parts, end


def _skip_tag(data: bytes, start: int, limit: int) -> int:
    if start >= limit or data[start] == 0:
        raise Refused(Reason.MALFORMED, "a value is missing")
    if data[start] & _HIGH_TAG != _HIGH_TAG:
        return start + 1
    for end in range(start + 1, min(start + 5, limit)):
        if not data[end] & 0x80:
            return end + 1
    raise Refused(Reason.MALFORMED, "a tag without an end")


def _read_length(data: bytes, start: int, limit: int) -> tuple[int, int]:
    """The length, `_INDEFINITE` for one that is not told, and where the content begins."""
    if start >= limit:
        raise Refused(Reason.MALFORMED, "a length is missing")
    first = data[start]
    if first < 0x80:
        return first, start + 1
    if first == 0x80:
        return _INDEFINITE, start + 1
    end = start + 1 + (first & 0x7F)
    if end > limit or first == 0xFF:
        raise Refused(Reason.MALFORMED, "a length that cannot be read")
    return int.from_bytes(data[start + 1 : end]), end


def _write(tag: bytes, content: bytes) -> bytes:
    if len(tag) == 1:
        return der.tlv(tag[0], content)
    return tag + der.tlv(0, content)[1:]


def _join(base: int, parts: list[bytes]) -> bytes:
    """The content of a string from its pieces, which were made whole before."""
    pieces = []
    for part in parts:
        if part[0] not in (base, _OCTET_STRING):
            raise Refused(Reason.MALFORMED, "a string has a piece that is none")
        pieces.append(element(part).content)
    if base != _BIT_STRING:
        return b"".join(pieces)
    if any(not piece for piece in pieces) or any(piece[0] for piece in pieces[:-1]):
        raise Refused(Reason.MALFORMED, "bits are missing between the pieces of a string")
    unused = pieces[-1][:1] if pieces else b"\0"
    return unused + b"".join(piece[1:] for piece in pieces)
