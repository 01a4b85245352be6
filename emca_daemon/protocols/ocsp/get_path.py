"""Requests in a path: `GET {url}/{url-encoding of base64 of the DER}` (RFC 6960 A.1, RFC 9919 6)."""

import binascii
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from emca_daemon.errors import Reason, Refused


def read_get_path(rest: str, max_size: int) -> bytes:
    """The encoded request in what follows the responder's own path.

    Browsers, proxies and old clients write it in many ways, and all of them are read: percent-encoded or not, in upper
    or lower case, with several slashes in front, without the padding. Anything else than base64 (its URL-safe alphabet
    and white space included) is Refused(MALFORMED), and so is a request of more than `max_size` bytes.
    """
    # A request begins with the octet 0x30, so its base64 never begins with a slash.
    text = rest.lstrip("/")
    if len(text) > 4 * max_size:
        raise Refused(Reason.MALFORMED, "the request in the path is too long")
    encoded = unquote_to_bytes(text).lstrip(b"/")
    bare = encoded.rstrip(b"=")
    if len(encoded) - len(bare) > 2:
        raise Refused(Reason.MALFORMED, "the path has too much padding")
    try:
        data = b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise Refused(Reason.MALFORMED, "the path is not base64") from None
    if len(data) > max_size:
        raise Refused(Reason.MALFORMED, "the request in the path is too long")
    return data
