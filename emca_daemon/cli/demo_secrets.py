"""The demonstration's secrets: `secrets.json`, made once, readable by its owner alone."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from emca_daemon.ca.audit import event_by
from emca_daemon.ca.passwords import new_credential
from emca_daemon.cli.command import operator
from emca_daemon.composition.core import Core
from emca_daemon.randomness import RandomBytes

SECRETS: Final = ("cmp.secret", "est.password", "scep.challenge")
"""What is made up, by its dotted name."""

EST_USER: Final = "est"
CMP_REFERENCE: Final = "demo"


def make_secrets(core: Core, home: Path) -> None:
    """Everything secret that the demonstration's settings and users are made of; what is there already stays."""
    secrets = complete_secrets(home / "secrets.json", core.random)
    create_est_user(core, secrets["est.password"])
    write_cmp_secrets(home / "cmp.secrets", secrets["cmp.secret"])
    write_scep_challenge(home / "scep.challenge", secrets["scep.challenge"])


def complete_secrets(path: Path, random: RandomBytes, names: tuple[str, ...] = SECRETS) -> dict[str, str]:
    """Every secret by its dotted name; those that the file lacks are made up and written, the others kept."""
    known: dict[str, object] = json.loads(path.read_text()) if path.exists() else {}
    secrets = {name: value for name, value in known.items() if "." in name and isinstance(value, str)}
    if set(names) - secrets.keys():
        secrets |= {name: urlsafe_b64encode(random(15)).decode() for name in names if name not in secrets}
        fresh = path.with_name(f"{path.name}.new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({**_nested(secrets), **secrets}, indent=2) + "\n")
        fresh.replace(path)
    return secrets


def create_est_user(core: Core, password: str) -> None:
    """The demonstration's user of EST, unless there is one."""
    now = core.clock()
    with core.store.writing() as tx:
        if tx.credentials.get("est", EST_USER) is None:
            digests = frozenset({"sha256"})
            tx.credentials.add(new_credential("est", EST_USER, password, now=now, random=core.random, digests=digests))
            tx.audit.append(event_by(operator(), now, "user.create", f"est/{EST_USER}"))


def write_cmp_secrets(path: Path, secret: str) -> None:
    """The demonstration's reference value and its secret, as CMP endpoints read them; an existing file is kept."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"[{CMP_REFERENCE}]\nsecret = {json.dumps(secret)}\n")


def write_scep_challenge(path: Path, challenge: str) -> None:
    """The demonstration's challenge, as SCEP's endpoint reads it."""
    path.touch(mode=0o600)
    path.write_text(f"{challenge}\n")


def _nested(secrets: Mapping[str, str]) -> dict[str, dict[str, str]]:
    nested: dict[str, dict[str, str]] = {}
    for name, value in secrets.items():
        group, _, key = name.partition(".")
        nested.setdefault(group, {})[key] = value
    return nested
