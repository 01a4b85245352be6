"""`emca-daemon user`."""

from pathlib import Path

import pytest

from emca_daemon.composition.core import open_core
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import CommandLine, new_folder


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """A fresh folder, with a password in a file."""
    made = new_folder(tmp_path)
    (tmp_path / "password").write_text("correct horse\n")
    return made


def create(commands: CommandLine, name: str, *options: str, code: int = 0) -> str:
    """Make a user with the password of the file; what was printed."""
    file = str(commands.folder / "password")
    return commands.run("user", "create", name, "--password-file", file, *options, code=code).output


def test_a_user_is_made_listed_and_removed(commands: CommandLine) -> None:
    """With groups and Digest; the password is nowhere to be seen, not in the audit chain either."""
    create(commands, "alice", "--group", "b", "--group", "a", "--digest", "sha256")
    (row,) = commands.rows("user", "list")
    assert (row["name"], row["realm"], row["groups"], row["digest"]) == ("alice", "est", ["a", "b"], ["sha256"])
    assert "exists already" in create(commands, "alice", code=1) or "already" in create(commands, "alice", code=1)
    commands.run("user", "remove", "alice")
    assert commands.rows("user", "list", "--realm", "est") == []
    said = commands.run("audit", "list").output
    assert "user.create" in said
    assert "correct horse" not in said


def test_a_user_is_unlocked(commands: CommandLine) -> None:
    """By hand, or by another password."""
    create(commands, "alice")
    file = str(commands.folder / "password")
    for change in (("unlock", "alice"), ("password", "alice", "--password-file", file)):
        core = open_core(load_settings(commands.config))
        now = core.clock()
        with core.store.writing() as tx:
            tx.credentials.failed("est", "alice", now, 1, now.replace(year=now.year + 1))
        core.store.close()
        assert commands.rows("user", "list")[0]["locked_until"]
        commands.run("user", *change)
        assert commands.rows("user", "list")[0]["locked_until"] is None


def test_nobody_is_not_found(commands: CommandLine) -> None:
    """Exit code 3."""
    file = str(commands.folder / "password")
    for words in (("unlock", "x"), ("remove", "x"), ("password", "x", "--password-file", file)):
        assert "there is no user" in commands.run("user", *words, code=3).output


def test_a_password_is_asked_for(commands: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file; one that is not UTF-8 is refused."""
    monkeypatch.setattr("click.prompt", lambda *_given, **_options: "typed")
    commands.run("user", "create", "bob")
    (commands.folder / "password").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in create(commands, "eve", code=1)
