"""`emca-daemon scep device`."""

from pathlib import Path

import pytest

from tests.support.cli_world import CommandLine
from tests.support.scep_cli import scep_folder

DEVICE = ("ACME", "Printer 3", "SN-1")
AT = ("--endpoint", "devices")


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """A folder with an endpoint for each policy."""
    return scep_folder(tmp_path)


def test_a_device_is_registered_listed_and_removed(commands: CommandLine) -> None:
    """Its challenge is shown once; it is no challenge for anybody."""
    made = commands.record("scep", "device", "register", *DEVICE, *AT, "--expires", "2d", "--note", "hall")
    (row,) = commands.rows("scep", "device", "list")
    assert (row["manufacturer"], row["model"], row["device_id"]) == DEVICE
    assert (row["id"], row["expires"], row["uses"], row["note"]) == (made["id"], made["expires"], 0, "hall")
    assert commands.rows("scep", "challenge", "list") == []
    assert "registered already" in commands.run("scep", "device", "register", *DEVICE, *AT, code=1).output
    assert "ACME/Printer 3/SN-1" in commands.run("scep", "device", "remove", made["id"]).output
    assert commands.rows("scep", "device", "list", *AT) == []
    said = commands.run("audit", "list").output
    assert "scep.device.register" in said
    assert "scep.device.remove" in said
    assert made["challenge"] not in said


def test_a_device_gets_another_challenge(commands: CommandLine) -> None:
    """In the place of the first."""
    made = commands.record("scep", "device", "register", *DEVICE, *AT, "--name", "dns:printer.example")
    again = commands.record("scep", "device", "challenge", made["id"], "--uses", "3")
    assert again["id"] == made["id"]
    assert again["challenge"] != made["challenge"]
    assert commands.rows("scep", "device", "list")[0]["most_uses"] == 3


def test_devices_have_their_own_endpoints(commands: CommandLine) -> None:
    """Where another policy is chosen, none is registered; what is not there is not found."""
    assert 'not "device"' in commands.run("scep", "device", "register", *DEVICE, code=1).output
    for words in (("challenge", "nothing"), ("remove", "nothing")):
        assert "no registered device" in commands.run("scep", "device", *words, code=3).output
