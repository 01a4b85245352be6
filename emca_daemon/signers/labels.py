"""What a key may be called, and how `SIGNER:LABEL` comes apart."""

import re

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHOWN = 100


def split(name: KeyName) -> tuple[str, str]:
    """Signer and label; raises Refused(NOT_FOUND) for text that names no signer."""
    signer, colon, label = name.partition(":")
    if not (signer and colon and label):
        raise Refused(Reason.NOT_FOUND, f"no key is called {name[:_SHOWN]!r}: keys are named SIGNER:LABEL")
    return signer, label


def check_new(label: str) -> None:
    """Raises Refused(MALFORMED) for a label that new keys cannot have.

    Letters, digits, dot, underscore and hyphen, beginning with a letter or digit: nothing that a file system or a shell
    reads in its own way.
    """
    if not is_plain(label):
        detail = (
            f"the key label {label[:_SHOWN]!r} is not made of 1 to 100 letters, digits, dots, underscores and hyphens"
        )
        raise Refused(Reason.MALFORMED, detail)


def is_plain(label: str) -> bool:
    """Whether a label is one that new keys can have."""
    return _LABEL.fullmatch(label) is not None
