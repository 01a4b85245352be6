"""JSON and base64url as protocols want them: UTF-8, no duplicate members, no padding, nothing that Python lets slip."""

import json
import re
from binascii import a2b_base64

from emca_daemon.errors import Reason, Refused

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")
_TO_STANDARD = str.maketrans("-_", "+/")


def read_object(data: bytes, what: str) -> dict[str, object]:
    """The JSON object in some bytes; `what` names them in the refusal. Raises Refused(MALFORMED).

    Refused are other values than objects, members that occur twice, NaN and the like, nesting that is too deep, and
    surrogates that stand alone.
    """
    try:
        value = _DECODER.decode(data.decode())
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused(Reason.MALFORMED, f"{what} is not acceptable JSON") from None
    if not isinstance(value, dict):
        raise Refused(Reason.MALFORMED, f"{what} is not a JSON object")
    return value


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"))
"""Made once: `json.loads` and `json.dumps` would make theirs anew for every text."""


def read_base64url(text: object, what: str, reason: Reason = Reason.MALFORMED) -> bytes:
    """The bytes behind base64url without padding (RFC 8555 6.1); raises Refused with that reason."""
    if not isinstance(text, str) or not _BASE64URL.match(text) or len(text) % 4 == 1:
        raise Refused(reason, f"{what} is not base64url without padding")
    return a2b_base64(text.translate(_TO_STANDARD) + "=" * (-len(text) % 4))


def write_object(value: dict[str, object]) -> bytes:
    """The bytes of a JSON answer."""
    return _ENCODER.encode(value).encode()
