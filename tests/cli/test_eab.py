"""`emca-daemon eab`."""

from pathlib import Path

from tests.support.acme_client import decoded
from tests.support.cli_world import CommandLine, with_issuers


def test_a_key_is_shown_once(tmp_path: Path) -> None:
    """With 256 bits; the list has everything but the secret, and so has the audit."""
    commands = with_issuers(tmp_path)
    words = (
        "--uses",
        "2",
        "--expires",
        "30d",
        "--name",
        ".Example.test",
        "--proved-name",
        "10.0.0.0/8",
        "--note",
        "Ann",
    )
    made = commands.record("eab", "create", *words)
    assert len(decoded(made["hmac_key"])) == 32
    (row,) = commands.rows("eab", "list")
    assert row["names"] == [".example.test"]
    assert (row["proved_names"], row["most_uses"], row["note"], row["uses"]) == (["10.0.0.0/8"], 2, "Ann", 0)
    assert made["hmac_key"] not in commands.run("eab", "list", "--json").output
    assert "external-account.create" in commands.run("audit", "list").output


def test_a_key_is_revoked(tmp_path: Path) -> None:
    """Once; an unknown one is not found."""
    commands = with_issuers(tmp_path)
    made = commands.record("eab", "create")
    assert "revoked" in commands.run("eab", "revoke", made["id"]).output
    (row,) = commands.rows("eab", "list")
    assert row["revoked"] is not None
    for one in (made["id"], "none"):
        commands.run("eab", "revoke", one, code=3)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    """Patterns, durations, endpoints and profiles."""
    commands: CommandLine = with_issuers(tmp_path)
    commands.run("eab", "create", "--name", "a b", code=1)
    commands.run("eab", "create", "--expires", "soon", code=1)
    commands.run("eab", "create", "--endpoint", "none", code=3)
    commands.run("eab", "create", "--profile", "none", code=3)
    assert commands.rows("eab", "list") == []
