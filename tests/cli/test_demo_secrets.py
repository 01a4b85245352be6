"""The demonstration's secrets."""

import json
from pathlib import Path

from emca_daemon.cli.demo_secrets import complete_secrets, create_est_user, write_cmp_secrets
from emca_daemon.composition.core import open_core
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder


def test_secrets_are_made_once(tmp_path: Path) -> None:
    """Nested and by dotted names, for the owner alone; new ones join those that are there."""
    file = tmp_path / "secrets.json"
    first = complete_secrets(file, bytes, ("a.password",))
    assert complete_secrets(file, lambda size: b"\1" * size, ("a.password",)) == first
    both = complete_secrets(file, lambda size: b"\1" * size, ("a.password", "b.challenge"))
    assert both["a.password"] == first["a.password"]
    written = json.loads(file.read_text())
    assert written["b"]["challenge"] == written["b.challenge"] == both["b.challenge"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_user_of_est_is_made_once(tmp_path: Path) -> None:
    """Another start changes nothing."""
    commands = new_folder(tmp_path)
    core = open_core(load_settings(commands.config))
    create_est_user(core, "one")
    create_est_user(core, "two")
    with core.store.reading() as tx:
        (user,) = tx.credentials.list("est")
    assert (user.name, user.version) == ("est", 1)
    core.store.close()


def test_the_secret_of_cmp_is_written_once(tmp_path: Path) -> None:
    """As endpoints read it, for the owner alone; what an operator adds stays."""
    file = tmp_path / "cmp.secrets"
    write_cmp_secrets(file, "one")
    write_cmp_secrets(file, "two")
    assert file.read_text() == '[demo]\nsecret = "one"\n'
    assert file.stat().st_mode & 0o777 == 0o600
