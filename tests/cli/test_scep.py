"""`emca-daemon scep`."""

from pathlib import Path

from tests.support.scep_cli import scep_folder


def test_its_two_parts_are_told(tmp_path: Path) -> None:
    """Challenges and devices."""
    said = scep_folder(tmp_path).run("scep", "--help").output
    assert "challenge" in said
    assert "device" in said
