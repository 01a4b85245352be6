"""The Authorization header field (RFC 9110 11.4): a scheme with a token, or with parameters."""

import re
from collections.abc import Mapping
from typing import Final

from emca_daemon.errors import Reason, Refused

MOST: Final = 8192
"""The longest field that is looked at."""

_PARAMETER: Final = re.compile(r"\s*([A-Za-z0-9*_-]{1,32})\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\",]+))\s*(?:,|$)")
_ESCAPED: Final = re.compile(r"\\(.)")


def read_authorization(field: str) -> tuple[str, str]:
    """Scheme in lower case, and what follows; raises Refused(MALFORMED)."""
    scheme, _, rest = field.strip().partition(" ")
    if len(field) > MOST or not scheme:
        raise Refused(Reason.MALFORMED, "the Authorization field cannot be read")
    return scheme.lower(), rest.strip()


def read_parameters(text: str) -> Mapping[str, str]:
    """Parameters by lower-case name, quoted or not, each once; raises Refused(MALFORMED)."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or match[1].lower() in found:
            raise Refused(Reason.MALFORMED, "the parameters of the Authorization field cannot be read")
        quoted = match[2]
        found[match[1].lower()] = match[3] if quoted is None else _ESCAPED.sub(r"\1", quoted)
        position = match.end()
    return found
