"""Which label and operation a path names (RFC 7030 3.2.2)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from emca_daemon.errors import Reason
from emca_daemon.protocols.est.errors import EstRefusal
from emca_daemon.settings.est import DEFAULT_LABEL, OPERATIONS

_SLASHES: Final = re.compile("//+")

PREFIX: Final = "/.well-known/est"
METHODS: Final = {
    "cacerts": ("GET", "HEAD"),
    "csrattrs": ("GET", "HEAD"),
    "simpleenroll": ("POST",),
    "simplereenroll": ("POST",),
    "serverkeygen": ("POST",),
    "fullcmc": ("POST",),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A label, and one of its operations."""

    label: str
    operation: str


def read_target(path: str, labels: Collection[str]) -> Target:
    """What a request is for; doubled and trailing slashes are overlooked, wherever they stand.

    Raises a refusal with 404 for what is not there.
    """
    below = _SLASHES.sub("/", path).removeprefix(PREFIX)
    parts = [unquote(part) for part in below.split("/") if part]
    match parts:
        case [operation] if DEFAULT_LABEL in labels:
            target = Target(DEFAULT_LABEL, operation)
        case [label, operation] if label in labels:
            target = Target(label, operation)
        case _:
            raise EstRefusal(404, "there is nothing here", reason=Reason.NOT_FOUND)
    if target.operation not in OPERATIONS:
        raise EstRefusal(404, "there is no such operation", reason=Reason.NOT_FOUND)
    return target


def check_method(method: str, target: Target) -> None:
    """Raises a refusal with 405 for a method that is not the operation's."""
    methods = METHODS[target.operation]
    if method not in methods:
        raise EstRefusal(405, f"this operation is for {methods[0]}", headers=(("Allow", ", ".join(methods)),))
