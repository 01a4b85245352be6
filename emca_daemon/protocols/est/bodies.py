"""Bodies: base64 as RFC 8951 section 3 has it, and what clients send in its place."""

import binascii
import re
from base64 import b64decode, b64encode
from typing import Final

from emca_daemon.errors import Reason, Refused

LINE: Final = 64
"""Characters a line for clients that cannot read base64 without line breaks."""

_PEM: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{1,40}-----(.*?)-----END ", re.DOTALL)
_SPACE: Final = re.compile(rb"[ \t\r\n]+")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_SEQUENCE: Final = 0x30


def read_body(body: bytes) -> bytes:
    """The DER in a body: base64 with whitespace anywhere, PEM, or DER as it is, whatever the headers say.

    Raises Refused(MALFORMED).
    """
    if body[:1] == bytes((_SEQUENCE,)) and not _is_base64(body):
        return body
    if match := _PEM.search(body):
        body = match[1]
    text = _SPACE.sub(b"", body)
    if not text or not _BASE64.fullmatch(text):
        raise Refused(Reason.MALFORMED, "the body is not base64")
    digits = text.rstrip(b"=")
    try:
        return b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error:
        raise Refused(Reason.MALFORMED, "the body is not base64") from None


def write_body(der: bytes, *, wrapped: bool) -> bytes:
    """Base64 of DER; in lines of 64 characters where the client needs them."""
    text = b64encode(der)
    if not wrapped:
        return text
    return b"".join(text[start : start + LINE] + b"\n" for start in range(0, len(text), LINE))


def _is_base64(body: bytes) -> bool:
    """Whether a body that begins with `0` is text after all: DER has octets beyond base64 soon."""
    return _BASE64.fullmatch(_SPACE.sub(b"", body)) is not None
