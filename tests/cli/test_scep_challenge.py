"""`emca-daemon scep challenge`."""

from pathlib import Path

import pytest

from tests.support.cli_world import CommandLine
from tests.support.scep_cli import scep_folder


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """A folder with an endpoint for each policy."""
    return scep_folder(tmp_path)


def test_a_challenge_is_made_listed_and_revoked(commands: CommandLine) -> None:
    """Its secret is shown once, and stands neither in the list nor in the audit chain."""
    options = ("--uses", "2", "--expires", "12h", "--subject", "serialNumber=SN-1,O=Example", "--note", "hall")
    made = commands.record("scep", "challenge", "create", *options, "--name", "ip:192.0.2.1", "--name", "dns:A.example")
    assert len(made["challenge"]) == 32
    (row,) = commands.rows("scep", "challenge", "list")
    assert (row["id"], row["endpoint"], row["source"], row["expires"]) == (
        made["id"],
        "default",
        "operator",
        made["expires"],
    )
    assert (row["uses"], row["most_uses"], row["revoked"], row["note"]) == (0, 2, None, "hall")
    assert (row["subject"], row["names"]) == ("2.5.4.5=SN-1,O=Example", ["dns:a.example", "ip:192.0.2.1"])
    commands.run("scep", "challenge", "revoke", made["id"])
    assert commands.rows("scep", "challenge", "list")[0]["revoked"]
    said = commands.run("audit", "list").output
    assert "scep.challenge.create" in said
    assert "scep.challenge.revoke" in said
    assert made["challenge"] not in said + commands.run("scep", "challenge", "list").output


def test_no_names_and_any_names_are_two_things(commands: CommandLine) -> None:
    """And names with `--no-names` make no sense."""
    commands.run("scep", "challenge", "create")
    commands.run("scep", "challenge", "create", "--no-names")
    commands.run("scep", "challenge", "create", "--no-names", "--name", "dns:a.example", code=1)
    rows = commands.rows("scep", "challenge", "list", "--endpoint", "default")
    assert [row["names"] for row in rows] == [None, []]
    assert commands.rows("scep", "challenge", "list", "--limit", "1", "--after", rows[0]["id"]) == rows[1:]
    assert commands.rows("scep", "challenge", "list", "--endpoint", "devices") == []


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--endpoint", "nowhere"), 3, "no SCEP endpoint"),
        (("--endpoint", "devices"), 1, 'has policy = "device", not "one-time"'),
        (("--expires", "soon"), 1, "not a duration"),
        (("--expires", "100y"), 1, "ten years"),
        (("--subject", "x"), 1, "not a subject"),
        (("--name", "x"), 1, "not a name"),
        (("--uses", "0"), 2, "--uses"),
    ],
)
def test_what_makes_no_sense_is_refused(commands: CommandLine, options: tuple[str, ...], code: int, words: str) -> None:
    """In one line; nothing is made."""
    assert words in commands.run("scep", "challenge", "create", *options, code=code).output
    assert commands.rows("scep", "challenge", "list") == []


def test_a_challenge_of_an_endpoint_that_is_gone_can_be_revoked(commands: CommandLine) -> None:
    """Once; what is not there is not found."""
    made = commands.record("scep", "challenge", "create")
    text = commands.config.read_text()
    commands.config.write_text(text.replace("[scep.default", "[scep.other"))
    commands.run("scep", "challenge", "revoke", made["id"])
    for gone in (made["id"], "nothing"):
        assert "there is no challenge" in commands.run("scep", "challenge", "revoke", gone, code=3).output
