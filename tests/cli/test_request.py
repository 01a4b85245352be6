"""`emca-daemon request`."""

from pathlib import Path

from emca_daemon.composition.core import open_core
from emca_daemon.errors import Pending
from emca_daemon.names import ProfileName
from emca_daemon.settings.checking import load_settings
from tests.support.ca_world import ISSUING, server_request
from tests.support.cli_world import CommandLine, with_issuers


def wait(commands: CommandLine, name: str) -> str:
    """The id of a request that waits for a person."""
    profile = commands.folder / "profiles" / "tls-server.toml"
    if "manual" not in profile.read_text():
        profile.write_text('approval = "manual"\n' + profile.read_text())
    core = open_core(load_settings(commands.config))
    try:
        outcome = core.enrollment.enroll(server_request(name), ProfileName("tls-server"), issuer=ISSUING)
    finally:
        core.store.close()
    assert isinstance(outcome, Pending)
    return outcome.request_id


def test_a_waiting_request_is_shown_and_approved(tmp_path: Path) -> None:
    """Approving issues; the request tells the serial and who decided."""
    commands = with_issuers(tmp_path)
    request_id = wait(commands, "a.example.test")
    (row,) = commands.rows("request", "list")
    assert (row["id"], row["state"]) == (request_id, "waiting")
    shown = commands.record("request", "show", request_id)
    assert shown["names"] == ["dns:a.example.test"]
    assert shown["key"] == "ec p-256 256"
    serial = commands.record("request", "approve", request_id, "--note", "known")["serial"]
    assert commands.record("cert", "show", serial)["status"] == "valid"
    assert commands.rows("request", "list") == []
    (row,) = commands.rows("request", "list", "--all")
    assert (row["state"], row["serial"], row["note"]) == ("issued", serial, "known")


def test_a_waiting_request_is_rejected(tmp_path: Path) -> None:
    """For good."""
    commands = with_issuers(tmp_path)
    request_id = wait(commands, "a.example.test")
    commands.run("request", "reject", request_id, "--note", "unknown host")
    assert "rejected" in commands.run("request", "approve", request_id, code=1).output
    (row,) = commands.rows("request", "list", "--state", "rejected")
    assert row["note"] == "unknown host"


def test_unknown_requests_are_not_found(tmp_path: Path) -> None:
    """Exit code 3."""
    commands = with_issuers(tmp_path)
    for verb in ("show", "approve", "reject"):
        assert "there is no request `none`" in commands.run("request", verb, "none", code=3).output
