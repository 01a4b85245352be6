"""`emca-daemon audit`."""

import sqlite3
from pathlib import Path

import pytest

from emca_daemon.errors import Refused
from tests.support.cli_world import CommandLine, issue, with_issuers


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """A CA with a few events behind it."""
    commands = with_issuers(tmp_path)
    issue(commands, "a.example.test")
    return commands


def tamper(commands: CommandLine, statement: str) -> None:
    """What somebody does who can write to the database file."""
    with sqlite3.connect(commands.folder / "emca.db") as connection:
        triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"drop trigger {name}")
        connection.execute(statement)
    connection.close()


def test_an_untouched_chain_verifies(commands: CommandLine) -> None:
    """The number of events and the head to note down elsewhere."""
    record = commands.record("audit", "verify")
    assert record["unbroken"] is True
    assert record["events"] == len(commands.rows("audit", "list"))
    commands.run("audit", "verify", "--head", record["head"])
    assert "not part of it" in commands.run("audit", "verify", "--head", "ab" * 32, code=5).output


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "update audit_events set content = replace(content, 'success', 'refused') where number = 3",
            "event 3 was altered",
        ),
        ("delete from audit_events where number = 2", "event 2 was removed"),
        ("delete from audit_events where number = (select max(number) from audit_events)", "was removed"),
    ],
)
def test_tampering_is_named(commands: CommandLine, statement: str, says: str) -> None:
    """Exit code 5, and the first event that is not what it was."""
    tamper(commands, statement)
    assert says in commands.run("audit", "verify", code=5).output


def test_events_are_listed_by_action(commands: CommandLine) -> None:
    """The newest, oldest first, with who, what and how it ended."""
    rows = commands.rows("audit", "list", "--action", "certificate.", "--last", "100")
    assert [row["outcome"] for row in rows] == ["success"] * 3
    assert all(row["action"] == "certificate.issue" for row in rows)
    assert len(commands.rows("audit", "list", "--last", "2")) == 2


def test_refusals_are_listed_with_their_reason(commands: CommandLine) -> None:
    """For people, too, who do not ask for JSON."""
    with pytest.raises(Refused):
        issue(commands)
    [event] = commands.rows("audit", "list", "--last", "1")
    assert (event["outcome"], event["why"]) == ("refused", event["detail_detail"])
    assert event["why"] in commands.run("audit", "list", "--last", "1").output
