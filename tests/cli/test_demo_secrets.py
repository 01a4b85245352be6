"""The demonstration's secrets."""

import json
from pathlib import Path

from emca_daemon.cli.demo_secrets import complete_secrets, create_est_user
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
