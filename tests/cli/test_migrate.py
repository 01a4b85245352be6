"""`emca-daemon migrate`."""

from pathlib import Path

from tests.support.cli_world import new_folder


def test_a_new_database_is_brought_up_to_date(tmp_path: Path) -> None:
    """Missing before, applied once, nothing to do after that."""
    commands = new_folder(tmp_path)
    (commands.folder / "emca.db").unlink()
    missing = commands.json("migrate", "--check", code=1)
    assert isinstance(missing, dict)
    assert missing["missing"]
    assert commands.record("migrate") == {"applied": missing["missing"]}
    assert "up to date" in commands.run("migrate").output
    assert "up to date" in commands.run("migrate", "--check").output
