"""`emca-daemon init`."""

from pathlib import Path

from tests.support.cli_world import CommandLine, new_folder


def test_a_folder_is_made_that_works_at_once(tmp_path: Path) -> None:
    """Settings, profiles, a passphrase that only the owner reads, and a current database."""
    commands = new_folder(tmp_path / "ca")
    assert commands.rows("ca", "list") == []
    assert (commands.folder / "keys.passphrase").stat().st_mode & 0o777 == 0o600
    assert (commands.folder / "profiles" / "tls-server.toml").exists()
    assert commands.record("migrate", "--check") == {"missing": []}
    assert commands.run("check-config", str(commands.config), config=False).exit_code == 0


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder with settings is left alone."""
    commands = new_folder(tmp_path)
    before = commands.config.read_text()
    assert "holds settings already" in CommandLine(tmp_path).run("init", str(tmp_path), code=1).output
    assert commands.config.read_text() == before


def test_profiles_without_settings_are_left_alone(tmp_path: Path) -> None:
    """They may be somebody's work."""
    own = tmp_path / "profiles" / "tls-server.toml"
    own.parent.mkdir()
    own.write_text("# mine")
    assert "holds profiles already" in CommandLine(tmp_path).run("init", str(tmp_path), code=1).output
    assert own.read_text() == "# mine"
    assert [path.name for path in tmp_path.iterdir()] == ["profiles"]
