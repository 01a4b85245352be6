"""Telephone number authorization lists: who may sign for which numbers (RFC 8226 9)."""

import re

from emca_daemon.asn1 import ber
from emca_daemon.errors import Reason, Refused

TN_AUTH_LIST = "1.3.6.1.5.5.7.1.26"
"""The certificate extension (id-pe-TNAuthList)."""

MAXIMUM_SIZE = 4096
"""The largest list read, in octets."""

_SEQUENCE, _INTEGER, _IA5_STRING = 0x30, 0x02, 0x16
_CODE, _RANGE, _NUMBER = 0xA0, 0xA1, 0xA2
_DIGITS = re.compile(rb"[0-9#*]{1,15}")


def read_tn_auth_list(encoded: bytes) -> tuple[str, ...]:
    """The entries of a list in DER as people read them: `spc CODE`, `range FIRST COUNT`, `one NUMBER`.

    Raises Refused(MALFORMED).
    """
    if ber.to_der(encoded, max_size=MAXIMUM_SIZE) != encoded:
        raise _malformed("is not DER")
    whole = ber.element(encoded)
    entries = ber.elements(whole.content)
    if whole.tag != _SEQUENCE or not entries:
        raise _malformed("is not a sequence of entries")
    return tuple(_entry(entry) for entry in entries)


def _entry(entry: ber.Element) -> str:
    value = ber.element(entry.content)
    if entry.tag == _CODE and value.tag == _IA5_STRING:
        return f"spc {_code(value.content)}"
    if entry.tag == _NUMBER:
        return f"one {_number(value)}"
    if entry.tag == _RANGE and value.tag == _SEQUENCE:
        parts = ber.elements(value.content)
        if len(parts) == 2 and parts[1].tag == _INTEGER and 0 < len(parts[1].content) <= 8:
            count = int.from_bytes(parts[1].content, "big", signed=True)
            if count >= 2:
                return f"range {_number(parts[0])} {count}"
    raise _malformed("has an entry that is none")


def _code(content: bytes) -> str:
    text = content.decode("ascii", "replace")
    if not text or not text.isascii() or not text.isprintable():
        raise _malformed("has a service provider code that is none")
    return text


def _number(value: ber.Element) -> str:
    if value.tag != _IA5_STRING or not _DIGITS.fullmatch(value.content):
        raise _malformed("has a telephone number that is none")
    return value.content.decode()


def _malformed(what: str) -> Refused:
    return Refused(Reason.MALFORMED, f"the telephone number authorization list {what}")
