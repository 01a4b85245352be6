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


def secret_path(path: Path) -> Path:
    """The path as settings hold it: `credential:NAME` is in no folder, for systemd says where it is."""
    return Path(path.name) if path.name.startswith(CREDENTIAL) else path


def secret_file(path: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where a secret is on disk; raises Refused(UNAVAILABLE) for a credential that was not handed over."""
    if not path.name.startswith(CREDENTIAL):
        return path
    name, folder = path.name.removeprefix(CREDENTIAL), environment.get("CREDENTIALS_DIRECTORY")
    if not folder or name in ("", ".", ".."):
        raise Refused(Reason.UNAVAILABLE, f"no credential `{name}` was handed to this process (CREDENTIALS_DIRECTORY)")
    return Path(folder) / name


def read_secret(path: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret in a file, without the newline at its end; raises Refused(UNAVAILABLE) where there is none to read."""
    file = secret_file(path, environment)
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise Refused(Reason.UNAVAILABLE, f"the secret in {file} cannot be read: {error.strerror}") from error
    secret = content.removesuffix(b"\n").removesuffix(b"\r")
    if not secret or len(content) > LARGEST:
        raise Refused(Reason.UNAVAILABLE, f"the secret in {file} is empty or longer than {LARGEST} octets")
    return secret


def misplaced(path: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """What was expected of a secret's file, where that is not so; None for a readable file that others cannot read.

    Credentials are for the service alone: from outside it, without `CREDENTIALS_DIRECTORY`, nothing is said of them.
    """
    if path.name.startswith(CREDENTIAL) and "CREDENTIALS_DIRECTORY" not in environment:
        return None
    try:
        file = secret_file(path, environment)
        mode = file.stat().st_mode
    except Refused as refusal:
        return refusal.detail
    except OSError as error:
        return f"expected a file with a secret at {path} ({error.strerror})"
    if not stat.S_ISREG(mode) or not os.access(file, os.R_OK):
        return f"expected a readable file with a secret at {file}"
    return f"{file} must not be open to others (chmod o= {file})" if mode & stat.S_IRWXO else None
