"""`emca-daemon renewals`."""

from pathlib import Path

from tests.support.cli_world import with_issuers


def test_a_plan_is_made_listed_and_cancelled(tmp_path: Path) -> None:
    """Audited; cancelled once."""
    commands = with_issuers(tmp_path)
    words = (
        "--issuer",
        "issuing",
        "--reason",
        "incident",
        "--by",
        "2099-01-02",
        "--explanation",
        "https://ca.test/why",
    )
    made = commands.record("renewals", "plan", *words)
    assert made["ends"] == "2099-01-02T00:00:00+00:00"
    commands.run("renewals", "plan", *words, "--profile", "tls-server", "--from", "2099-01-01T12:00+01:00")
    first, second = sorted(commands.rows("renewals", "list"), key=lambda row: str(row["profile"] or ""))
    assert (first["id"], first["reason"], first["profile"]) == (made["id"], "incident", None)
    assert (second["profile"], second["begins"]) == ("tls-server", "2099-01-01T11:00:00+00:00")
    commands.run("renewals", "cancel", made["id"])
    commands.run("renewals", "cancel", made["id"], code=3)
    assert "renewal.plan" in commands.run("audit", "list").output


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    """Unknown issuers and profiles, dates that are none or past, addresses that are none."""
    commands = with_issuers(tmp_path)
    plan = ("renewals", "plan", "--reason", "x")
    commands.run(*plan, "--issuer", "none", "--by", "2099-01-01", code=3)
    commands.run(*plan, "--issuer", "issuing", "--by", "2099-01-01", "--profile", "none", code=3)
    for by in ("soon", "2020-01-01"):
        commands.run(*plan, "--issuer", "issuing", "--by", by, code=1)
    commands.run(*plan, "--issuer", "issuing", "--by", "2099-01-01", "--from", "2100-01-01", code=1)
    commands.run(*plan, "--issuer", "issuing", "--by", "2099-01-01", "--explanation", "see", code=1)
    assert commands.rows("renewals", "list") == []
