"""`emca-daemon check-config`."""

from pathlib import Path

from tests.support.cli_world import new_folder


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong types, what does not fit together, profiles: with file, key and what was expected."""
    commands = new_folder(tmp_path)
    commands.config.write_text(
        commands.config.read_text().replace("port = 8080", 'prot = 8080\nport = "x"')
        + '\n[nonsense]\n[acme.default]\nbase_url = "foo"\nprofile = "nope"\n'
    )
    (commands.folder / "profiles" / "bad.toml").write_text("colour = 1\n")
    output = commands.run("check-config", str(commands.config), code=1, config=False).output
    for word in ("listeners.http.prot", "listeners.http.port", "nonsense", "emca.toml"):
        assert word in output
    for word in ("acme.default.base_url", "acme.default.profile", "colour"):
        assert word in output


def test_a_good_file_is_well(tmp_path: Path) -> None:
    """Exit code 0."""
    commands = new_folder(tmp_path)
    assert "all is well" in commands.run("check-config", str(commands.config), config=False).output


def test_a_missing_file_is_a_problem_too(tmp_path: Path) -> None:
    """One line, no stack trace."""
    commands = new_folder(tmp_path)
    output = commands.run("check-config", str(tmp_path / "none.toml"), code=1, config=False).output
    assert "none.toml" in output
    assert "Traceback" not in output


def test_profiles_are_checked_as_well(tmp_path: Path) -> None:
    """They belong to the configuration."""
    commands = new_folder(tmp_path)
    (commands.folder / "profiles" / "bad.toml").write_text("colour = 1\n")
    output = commands.run("check-config", str(commands.config), code=1, config=False).output
    assert "bad.toml" in output
    assert "colour" in output
