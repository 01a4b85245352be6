"""`emca-daemon profile`."""

from pathlib import Path

from tests.support.cli_world import CommandLine, new_folder


def test_profiles_are_listed_and_shown(tmp_path: Path) -> None:
    """Every field of one, defaults included."""
    commands = new_folder(tmp_path)
    assert "tls-server" in {row["name"] for row in commands.rows("profile", "list")}
    shown = commands.record("profile", "show", "tls-server")
    assert shown["kind"] == "end-entity"
    assert shown["validity.duration"] == "90d"
    assert shown["approval"] == "automatic"
    assert "no profile `none`" in commands.run("profile", "show", "none", code=3).output


def test_profiles_are_checked(tmp_path: Path) -> None:
    """A file or a folder; every problem at once, with file and key."""
    commands = new_folder(tmp_path)
    folder = commands.folder / "profiles"
    assert "all is well" in commands.run("profile", "check", str(folder), config=False).output
    bad = folder / "bad.toml"
    bad.write_text('kind = "nonsense"\ncolour = "red"\n')
    found = CommandLine(tmp_path).run("profile", "check", str(bad), code=1, config=False).output
    assert "colour" in found
    assert "kind" in found
    assert "bad.toml" in CommandLine(tmp_path).run("profile", "check", str(folder), code=1, config=False).output
    assert "colour" in commands.run("profile", "list", code=1).output


def test_a_folder_without_profiles_is_not_well(tmp_path: Path) -> None:
    """Checking it says so."""
    (tmp_path / "profile.txt").write_text("")
    found = CommandLine(tmp_path).run("profile", "check", str(tmp_path), code=1, config=False).output
    assert "none in it" in found


def test_a_profile_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Colons stand between words only."""
    commands = new_folder(tmp_path)
    bad = commands.folder / "profiles" / "bad.toml"
    bad.write_text("=")
    assert f"the profiles cannot be used: {bad}: TOML was expected" in commands.run("profile", "list", code=1).output
