"""A small DER writer (X.690): for what is written often, or what cryptography has no builder for.

Every function returns a whole TLV unless it says otherwise. Parts are joined by the caller, so that whatever stays the
same between two messages can be encoded once and kept.
"""

from datetime import UTC, datetime

NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"

_SEQUENCE = 0x30
_SHORT_LENGTHS = tuple(bytes((length,)) for length in range(128))
_TAGS = tuple(bytes((tag,)) for tag in range(256))


def tlv(tag: int, content: bytes) -> bytes:
    """One value with a one-octet identifier and a definite length (X.690 8.1.3, 10.1)."""
    size = len(content)
    if size < 128:
        return _TAGS[tag] + _SHORT_LENGTHS[size] + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return _TAGS[tag] + _TAGS[0x80 | len(octets)] + octets + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE (or SEQUENCE OF) of encoded parts."""
    return tlv(_SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """INTEGER of any size and sign, in the fewest octets."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(0x02, value.to_bytes(size, "big", signed=True))


def enumerated(value: int) -> bytes:
    """ENUMERATED of a value from 0 to 127."""
    return tlv(0x0A, _TAGS[value])


def octet_string(content: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(0x04, content)


def bit_string(content: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return tlv(0x03, b"\x00" + content)


def explicit(number: int, content: bytes) -> bytes:
    """Constructed context-specific tag `[number]` (0 to 30) around encoded content."""
    return tlv(0xA0 | number, content)


def implicit(number: int, content: bytes) -> bytes:
    """Primitive context-specific tag `[number]` (0 to 30) with the bare content octets."""
    return tlv(0x80 | number, content)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted text; raises ValueError for text that is none."""
    arcs = [int(arc) for arc in dotted.split(".")]
    if len(arcs) < 2 or min(arcs) < 0 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise ValueError(f"not an object identifier: {dotted}")
    content = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content.extend(reversed(septets))
    return tlv(0x06, bytes(content))


def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime in whole seconds, UTC, with `Z` and no fraction (RFC 5280 4.1.2.5.2)."""
    at = _utc(moment)
    text = f"{at.year:04d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}{at.second:02d}Z"
    return tlv(0x18, text.encode("ascii"))


def time(moment: datetime) -> bytes:
    """Time: UTCTime from 1950 to 2049, GeneralizedTime otherwise (RFC 5280 4.1.2.5, 5.1.2.4)."""
    at = _utc(moment)
    if not 1950 <= at.year < 2050:
        return generalized_time(at)
    text = f"{at.year % 100:02d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}{at.second:02d}Z"
    return tlv(0x17, text.encode("ascii"))


def extension(identifier: bytes, value: bytes, *, critical: bool = False) -> bytes:
    """Extension (RFC 5280 4.1): an encoded OID, FALSE left out as DER wants, and the value in an OCTET STRING."""
    return sequence(identifier, TRUE if critical else b"", octet_string(value))


def assemble(tbs: bytes, algorithm: bytes, signature: bytes) -> bytes:
    """A signed object: SEQUENCE of what was signed, the AlgorithmIdentifier and the signature.

    Certificates, requests, CRLs and basic OCSP responses all have this form.
    """
    return sequence(tbs, algorithm, bit_string(signature))


def _utc(moment: datetime) -> datetime:
    """The same moment in UTC; raises ValueError for a time that does not say where it is."""
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone cannot be encoded")
    return moment.astimezone(UTC)
