"""PKIOperation by GET: the message out of the query, in whichever form of base64 a client wrote it (RFC 8894 4.1)."""

import binascii
from urllib.parse import unquote

from emca_daemon.errors import Reason, Refused

_DROPPED = str.maketrans({"\r": None, "\n": None, "\t": None, "=": None, " ": "+", "-": "+", "_": "/"})


def query_fields(query: str) -> dict[str, str]:
    """The fields of a raw query, percent-decoded, `+` left alone; the first of each name, names in lower case."""
    fields: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        fields.setdefault(unquote(name).lower(), unquote(value, errors="replace"))
    return fields


def read_message(text: str) -> bytes:
    """The octets of a message in base64 of either alphabet, with or without line ends, padding and spaces for `+`.

    Raises Refused(MALFORMED) for everything else.
    """
    plain = text.translate(_DROPPED)
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError:  # binascii.Error, and characters beyond ASCII
        raise Refused(Reason.MALFORMED, "the message is not base64") from None
