"""Secrets in files: read late, held shortly, never shown."""

from pathlib import Path

from emca_daemon.errors import Reason, Refused

LONGEST = 4096
"""Octets that a secret file may have."""


def read_secret(path: Path, what: str) -> bytes:
    """The content without one trailing newline; `what` names it for people ("the passphrase of ...").

    Raises Refused(UNAVAILABLE) when the file cannot be read, is empty or too long; the message holds the path only.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise Refused(Reason.UNAVAILABLE, f"{what} cannot be read from {path}: {error.strerror}") from None
    secret = content.removesuffix(b"\n").removesuffix(b"\r")
    if not secret or len(content) > LONGEST:
        raise Refused(Reason.UNAVAILABLE, f"{what} in {path} must have 1 to {LONGEST} octets")
    return secret
