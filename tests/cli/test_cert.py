"""`emca-daemon cert`."""

from pathlib import Path

import pytest
from cryptography import x509

from tests.support.cli_world import CommandLine, issue, with_issuers


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """A CA with issuers."""
    return with_issuers(tmp_path)


def test_certificates_are_listed_searched_and_shown(commands: CommandLine) -> None:
    """By issuer, profile, state, text and time; one is shown by serial, by issuer and serial, by fingerprint."""
    serial = issue(commands, "a.example.test", "b.example.test")
    issue(commands, "c.example.test")
    assert len(commands.rows("cert", "list")) == 4
    assert len(commands.rows("cert", "list", "--issuer", "issuing")) == 2
    assert len(commands.rows("cert", "list", "--profile", "tls-server", "--status", "valid")) == 2
    assert commands.rows("cert", "list", "--status", "revoked") == []
    assert len(commands.rows("cert", "list", "--expires-within", "100")) == 2
    (row,) = commands.rows("cert", "search", "B.example")
    assert row["serial"] == serial
    shown = commands.record("cert", "show", serial)
    assert shown["names"] == ["dns:a.example.test", "dns:b.example.test"]
    assert commands.record("cert", "show", f"issuing/{serial}") == shown
    assert commands.record("cert", "show", shown["fingerprint"]) == shown


def test_a_certificate_is_exported_in_every_form(commands: CommandLine, tmp_path: Path) -> None:
    """Alone, with its chain, in PEM, DER and PKCS#7; a file of it names it again."""
    serial = issue(commands, "a.example.test")
    pem = commands.run("cert", "export", serial).stdout
    chain = x509.load_pem_x509_certificates(commands.run("cert", "export", serial, "--format", "chain").stdout.encode())
    chain[0].verify_directly_issued_by(chain[1])
    assert x509.load_pem_x509_certificate(pem.encode()) == chain[0]
    assert (
        x509.load_der_x509_certificate(commands.run("cert", "export", serial, "--format", "der").stdout_bytes)
        == chain[0]
    )
    file = tmp_path / "leaf.p7b"
    commands.run("cert", "export", serial, "--format", "p7b", "--out", str(file))
    assert file.read_bytes().startswith(b"\x30")
    file.write_text(pem)
    assert commands.record("cert", "show", str(file))["serial"] == serial


def test_hold_release_and_revoke(commands: CommandLine) -> None:
    """Held, good again, revoked for good; the reason and the invalidity date are kept."""
    serial = issue(commands, "a.example.test")
    assert commands.record("cert", "hold", serial)["status"] == "held"
    assert commands.record("cert", "release", serial)["status"] == "valid"
    shown = commands.record("cert", "revoke", serial, "--reason", "1", "--invalid-since", "2026-01-01")
    assert (shown["status"], shown["reason"], shown["invalidity_date"]) == (
        "revoked",
        "key_compromise",
        "2026-01-01T00:00:00+00:00",
    )
    assert "was revoked at" in commands.run("cert", "revoke", serial, code=1).output
    assert "not on hold" in commands.run("cert", "release", serial, code=1).output


@pytest.mark.parametrize("name", ["00", "issuing/ff", "zz", "aa" * 32, "a" * 5000, "ff" * 2000])
def test_unknown_certificates_are_not_found(commands: CommandLine, name: str) -> None:
    """Exit code 3 and one line."""
    assert "emca-daemon: " in commands.run("cert", "show", name, code=3).output


def test_an_unknown_reason_names_the_known_ones(commands: CommandLine) -> None:
    """The reasons to choose from are told."""
    serial = issue(commands, "a.example.test")
    assert "key-compromise" in commands.run("cert", "revoke", serial, "--reason", "boredom", code=1).output


@pytest.mark.parametrize("text", ["remove-from-crl", "removeFromCRL", "8"])
def test_a_removal_from_a_crl_is_no_reason_to_choose(commands: CommandLine, text: str) -> None:
    """RFC 5280 5.3.1 has it in delta CRLs only: it is neither offered nor taken, for certificates and for CAs."""
    serial = issue(commands, "a.example.test")
    assert "remove-from-crl" not in commands.run("cert", "revoke", serial, "--reason", "boredom", code=1).output
    for command in (("cert", "revoke", serial), ("ca", "revoke", "issuing")):
        said = " ".join(commands.run(*command, "--reason", text, code=1).output.split())
        assert "is for delta CRLs only; `emca-daemon cert release` ends a hold" in said
    assert commands.record("cert", "show", serial)["status"] == "valid"


@pytest.mark.parametrize("days", ["99999999999", "-99999999999", "3000000"])
def test_dates_beyond_the_calendar_are_wrong_usage(commands: CommandLine, days: str) -> None:
    """They are no reason to stumble."""
    assert "is not in the range" in commands.run("cert", "list", "--expires-within", days, code=2).output


def test_a_place_that_cannot_be_written_is_one_line(commands: CommandLine, tmp_path: Path) -> None:
    """With the file's name."""
    serial = issue(commands, "a.example.test")
    output = commands.run("cert", "export", serial, "--out", str(tmp_path / "none" / "x"), code=1).output
    assert output.startswith("emca-daemon: ")
    assert output.endswith("No such file or directory\n")
