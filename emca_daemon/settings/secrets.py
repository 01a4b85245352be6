"""Secrets: read from files, or from what systemd hands to the service as credentials.

A path whose last part is `credential:NAME` stands for the file `NAME` in the folder that `CREDENTIALS_DIRECTORY`
names (systemd's LoadCredential=).
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from emca_daemon.errors import Reason, Refused

LARGEST: Final = 65_536
"""The octets that a secret may have."""

CREDENTIAL: Final = "credential:"


def secret_path(path: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where a secret is on disk: for a credential, in the folder that systemd names.

    A credential that was not handed to this process stays `credential:NAME`, in no folder.
    """
    if not path.name.startswith(CREDENTIAL):
        return path
    name, folder = path.name.removeprefix(CREDENTIAL), environment.get("CREDENTIALS_DIRECTORY")
    return Path(path.name) if not folder or name in ("", ".", "..") else Path(folder) / name


def read_secret(path: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret in a file, without the newline at its end; raises Refused(UNAVAILABLE) where there is none to read."""
    return secret_in(secret_path(path, environment), "the secret")


def secret_in(file: Path, what: str) -> bytes:
    """The same for a file whose place is known; `what` names the secret for people ("the passphrase of ...")."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise Refused(Reason.UNAVAILABLE, f"{what} in {file} cannot be read: {error.strerror}") from error
    secret = content.removesuffix(b"\n").removesuffix(b"\r")
    if not secret or len(content) > LARGEST:
        raise Refused(Reason.UNAVAILABLE, f"{what} in {file} is empty or longer than {LARGEST} octets")
    return secret


def misplaced(path: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """What was expected of a secret's file, where that is not so; None for a readable file that others cannot read.

    Credentials are for the service alone: of those that this process was not handed, nothing is said.
    """
    file = secret_path(path, environment)
    if file.name.startswith(CREDENTIAL):
        return None
    try:
        mode = file.stat().st_mode
    except OSError as error:
        return f"expected a file with a secret at {file} ({error.strerror})"
    except ValueError:
        return f"expected the name of a file with a secret, found {str(file)!r}"
    if not stat.S_ISREG(mode) or not os.access(file, os.R_OK):
        return f"expected a readable file with a secret at {file}"
    return f"{file} must not be open to others (chmod o= {file})" if mode & stat.S_IRWXO else None
