"""Names as devices write them: read where a strict reader stops, and compared by what they say (RFC 5280 7.1).

A PrintableString with `_` or `*`, a T61String in Latin-1: strict readers stop at them. A copy to read the name from has
a UTF8String there; what was signed stays as it was.
"""

import re
import unicodedata

from emca_daemon.asn1 import ber, der
from emca_daemon.errors import Refused

_UTF8_STRING = 0x0C
_VERSION = 0xA0
_ASCII = re.compile(rb"[\x00-\x7f]*")
_REPERTOIRES = {
    0x12: re.compile(rb"[0-9 ]*"),
    0x13: re.compile(rb"[A-Za-z0-9 '()+,./:=?-]*"),
    0x14: _ASCII,
    0x16: _ASCII,
    0x1A: re.compile(rb"[\x20-\x7e]*"),
}
"""What NumericString, PrintableString, T61String (of whose other characters every reader thinks something else),
IA5String and VisibleString have."""
_WIDE = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}
_NARROW = {_UTF8_STRING, *_REPERTOIRES}


def readable_name(name: bytes) -> bytes:
    """The same Name for a strict reader; itself where nothing is to be changed, or it is no name."""
    try:
        whole = ber.element(name)
        return der.tlv(whole.tag, b"".join(_readable_set(relative) for relative in ber.elements(whole.content)))
    except Refused:
        return name


def readable_certificate(certificate: bytes) -> bytes:
    """A copy of a certificate with such names, whose signature is for the original; raises Refused(MALFORMED)."""
    parts = ber.elements(ber.element(certificate).content, 3)
    fields = [field.encoded for field in ber.elements(ber.element(parts[0].encoded).content, 10)] if parts else []
    issuer = 3 if fields and fields[0][0] == _VERSION else 2
    for position in (issuer, issuer + 2):
        fields[position : position + 1] = [readable_name(name) for name in fields[position : position + 1]]
    return der.sequence(der.sequence(*fields), *(part.encoded for part in parts[1:]))


def same_name(one: bytes, other: bytes) -> bool:
    """Whether two Names in DER say the same, whatever their types of strings, case and spaces (RFC 5280 7.1)."""
    if one == other:
        return True
    try:
        return _comparable(one) == _comparable(other)
    except (Refused, UnicodeError):
        return False


def _readable_set(relative: ber.Element) -> bytes:
    attributes = [
        der.tlv(attribute.tag, b"".join(_readable(part) for part in ber.elements(attribute.content, 2)))
        for attribute in ber.elements(relative.content)
    ]
    return der.tlv(relative.tag, b"".join(sorted(attributes)))


def _readable(value: ber.Element) -> bytes:
    repertoire = _REPERTOIRES.get(value.tag)
    if repertoire is None or repertoire.fullmatch(value.content):
        return value.encoded
    return der.tlv(_UTF8_STRING, _text(value).encode())


def _comparable(name: bytes) -> list[frozenset[tuple[str | bytes, ...]]]:
    """The relative names in order, each a set of attributes: their types, and their values as `_folded`."""
    return [
        frozenset(
            tuple(_folded(part) for part in ber.elements(attribute.content, 2))
            for attribute in ber.elements(relative.content)
        )
        for relative in ber.elements(ber.element(name).content)
    ]


def _folded(value: ber.Element) -> str | bytes:
    """A text without what does not count in it; anything else as it is."""
    if value.tag not in _NARROW | _WIDE.keys():
        return value.encoded
    return " ".join(unicodedata.normalize("NFKC", _text(value)).casefold().split())


def _text(value: ber.Element) -> str:
    if value.tag in _WIDE:
        return value.content.decode(_WIDE[value.tag])
    try:
        return value.content.decode()
    except UnicodeDecodeError:
        return value.content.decode("latin-1")
