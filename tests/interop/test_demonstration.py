"""What the README shows: the printed lines work as they stand, and survive restarts and kills."""

import json
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import Certbot, crl_text, ocsp, run, serial, status, verify
from tests.support.daemon import Daemon, wait_for

pytestmark = pytest.mark.interop

HTTP_PORT = 5002
"""The port in conf/demo.toml."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """`emca-daemon demo` as it stands, in a folder whose name a shell would take for two."""
    with Daemon(tmp_path_factory.mktemp("shown") / "my demo") as daemon:
        yield daemon.demo()


def printed_line(daemon: Daemon, first_word: str) -> str:
    """The line to try that the demonstration prints for a protocol."""
    found = re.search(rf"^  {first_word} +(.*)$", daemon.printed, re.MULTILINE)
    assert found, daemon.printed
    return found[1]


def test_the_printed_lines(daemon: Daemon, tmp_path: Path) -> None:
    """Certificate, status and CRL by the printed lines; `openssl verify`; revoked, and everybody says so."""
    run("sh", "-c", printed_line(daemon, "ACME"))
    certbot = Certbot(daemon.home / "certbot", daemon, HTTP_PORT)
    certificate = certbot.live("www.emca.test")
    verify(daemon, certificate, certbot.live("www.emca.test", "chain.pem"))
    assert ": good" in run("sh", "-c", printed_line(daemon, "OCSP"))
    assert "No Revoked Certificates" in run("sh", "-c", printed_line(daemon, "CRL"))
    certbot("revoke", "--cert-path", certificate, "--reason", "keycompromise", "--no-delete-after-revoke")
    wait_for(lambda: status(daemon, certificate) == "revoked keyCompromise", "the answer of OCSP", 3)
    wait_for(lambda: f"Serial Number: {serial(certificate)}" in crl_text(daemon, tmp_path), "the next CRL", 10)
    (row,) = daemon.done("cert", "search", "www.emca.test", "--json").json
    assert (row["status"], row["reason"]) == ("revoked", "key_compromise")
    listed = daemon.done("cert", "list", "--status", "revoked", "--json").json
    assert [entry["serial"] for entry in listed] == [row["serial"]]
    assert "www.emca.test" in daemon.done("cert", "list").out
    assert "unbroken" in daemon.done("audit", "verify").out


def test_the_printed_lines_of_the_other_protocols(daemon: Daemon) -> None:
    """A certificate over EST, CMP and SCEP by the printed lines; the last line lists them all."""
    assert "subject=CN = device-1" in run("sh", "-c", printed_line(daemon, "EST"))
    run("sh", "-c", printed_line(daemon, "CMP"))
    assert "subject=CN = machine-1" in run("openssl", "x509", "-noout", "-subject", "-in", daemon.home / "machine.pem")
    assert "subject=CN = device-2" in run("sh", "-c", printed_line(daemon, "SCEP"))
    listed = run("sh", "-c", printed_line(daemon, "CLI"))
    for words in ("CN=device-1", "CN=device-2", "CN=machine-1", "unbroken"):
        assert words in listed


def test_endpoints(daemon: Daemon, tmp_path: Path) -> None:
    """endpoints.json names files that are there and addresses that answer; secrets are their owner's alone."""
    named = json.loads((daemon.home / "endpoints.json").read_text())
    for key in ("root_certificate", "issuer_certificate", "ca_bundle"):
        assert Path(named[key]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert named["acme"]["directory"] == named["acme.directory"]
    run("curl", "-sSf", "--cacert", named["ca_bundle"], named["acme"]["directory"])
    run("curl", "-sSf", "-o", tmp_path / "crl", named["crl"]["url"])
    assert "emca" in run("curl", "-sSf", named["metrics"]["url"])
    for secret in ("secrets.json", "keys.passphrase", "tls.key"):
        assert stat.S_IMODE((daemon.home / secret).stat().st_mode) & 0o077 == 0, secret


def test_restart_and_kill(daemon: Daemon, tmp_path: Path) -> None:
    """The same CA, accounts and nonces after a stop, and after `kill -9`; CRL numbers go on."""
    root = (daemon.home / "root.pem").read_text()
    certbot = Certbot(tmp_path / "certbot", daemon, HTTP_PORT)
    certbot.get(*certbot.http01, "-d", "kept.emca.test")
    number = daemon.done("crl", "show", "demo-issuing", "--json").json["number"]
    daemon.stop()
    daemon.demo()
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    daemon.kill()
    daemon.demo()
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    assert status(daemon, certbot.live("kept.emca.test")) == "good"
    assert (daemon.home / "root.pem").read_text() == root
    (updated,) = daemon.done("crl", "update", "demo-issuing", "--json").json
    assert updated["number"] > number
    assert "unbroken" in daemon.done("audit", "verify").out


def test_several_processes(daemon: Daemon, tmp_path: Path) -> None:
    """With two workers on the same sockets a certificate is still issued and revoked, whoever answers."""
    daemon.stop()
    daemon.serve(workers=2)
    certbot = Certbot(tmp_path / "certbot", daemon, HTTP_PORT)
    certbot.get(*certbot.http01, "-d", "workers.emca.test", "-d", "more.workers.emca.test")
    certificate = certbot.live("workers.emca.test")
    assert {status(daemon, certificate) for _ in range(6)} == {"good"}
    certbot("revoke", "--cert-path", certificate, "--no-delete-after-revoke")
    wait_for(lambda: {status(daemon, certificate) for _ in range(6)} == {"revoked"}, "both workers", 5)
    assert "0xabcdef: unknown" in ocsp(daemon, "-serial", "0xabcdef")


def test_the_end(daemon: Daemon) -> None:
    """It stops well, told nothing secret, had no fault; a changed event in the database is found and named."""
    daemon.stop()
    daemon.assert_quiet()
    assert daemon.done("audit", "verify", "--json").json["unbroken"] is True
    with sqlite3.connect(daemon.home / "emca.db") as database:
        triggers = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for trigger in triggers:
            database.execute(f"DROP TRIGGER {trigger}")
        (number,) = database.execute("SELECT max(number) - 3 FROM audit_events").fetchone()
        changed = database.execute(
            "UPDATE audit_events SET content = replace(content, 'e', 'o') WHERE number = ?", (number,)
        )
        assert changed.rowcount == 1
    database.close()
    found = daemon.command("audit", "verify")
    assert found.code == 5
    assert str(number) in found.error
