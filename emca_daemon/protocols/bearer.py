"""Bearer tokens (RFC 6750) from a file of our own."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http_users import HttpUser

LEAST = 16
"""The fewest characters of a token."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """One token by its hash, and whose it is."""

    name: str
    digest: bytes = field(repr=False)
    groups: frozenset[str] = frozenset()


def read_tokens(text: str) -> tuple[BearerToken, ...]:
    """The tokens of a file: a line `NAME TOKEN [GROUP ...]` each, `#` begins a comment; raises Refused(MALFORMED)."""
    tokens = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) < 2 or len(words[1]) < LEAST:
            raise Refused(Reason.MALFORMED, f"line {number} of the tokens is not NAME TOKEN [GROUP ...]")
        tokens.append(BearerToken(words[0], sha256(words[1].encode()).digest(), frozenset(words[2:])))
    return tuple(tokens)


def verify_bearer(token: str, tokens: Sequence[BearerToken]) -> HttpUser:
    """Whose token it is; every one is compared. Raises Refused(NOT_AUTHENTICATED)."""
    digest = sha256(token.encode()).digest()
    found = [known for known in tokens if hmac.compare_digest(known.digest, digest)]
    if not found:
        raise Refused(Reason.NOT_AUTHENTICATED, "the token is not known")
    return HttpUser(found[0].name, "token", found[0].groups)


def challenge(realm: str) -> str:
    """What the WWW-Authenticate field says."""
    return f'Bearer realm="{realm}"'
