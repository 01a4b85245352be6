"""uacme: a small client in C, which never repeats a request and trusts what the system trusts."""

from pathlib import Path

import pytest

from tests.support.background import running
from tests.support.clients import run, serial, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site
from tests.support.system_trust import trusting
from tests.support.webroot import webroot

pytestmark = pytest.mark.interop

HOOK = """#!/bin/sh
case "$1 $2" in
"begin http-01") printf %s "$5" > "{answers}/$4" ;;
*" http-01") rm -f "{answers}/$4" ;;
"begin tls-alpn-01") test "$(echo "auth $3 $5" | ualpn -s {socket})" = OK ;;
*" tls-alpn-01") test "$(echo "unauth $3" | ualpn -s {socket})" = OK ;;
"begin dns-01") exec {zone} present "_acme-challenge.$3." "$5" ;;
*" dns-01") exec {zone} cleanup "_acme-challenge.$3." "$5" ;;
*) exit 1 ;;
esac
"""


class Uacme:
    """uacme with a folder of its own, on a machine that trusts the demonstration alone."""

    def __init__(self, site: Site, folder: Path, *, answers: Path | None = None, endpoint: str = "acme") -> None:
        """`answers` is where http-01 is answered; without, tls-alpn-01 is, by a `ualpn` with its socket in `folder`."""
        folder.mkdir()
        self.folder = folder
        self.hook = folder / "hook"
        self.socket = folder / "ualpn"
        hook = HOOK.format(answers=answers, zone=site.zone.hook, socket=self.socket)
        self.hook.write_text(hook if answers else hook.replace("http-01", "left-out"))
        self.hook.chmod(0o755)
        system = trusting(site.daemon.ca_bundle, folder / "trust")
        self._command = (*system, "uacme", "-v", "-c", folder, "-a", site.directory(endpoint))

    def __call__(self, *arguments: str | Path) -> str:
        """`uacme ARGUMENTS`, which must succeed."""
        return run(*self._command, *arguments)

    def issue(self, *names: str, key: str = "RSA") -> Path:
        """A certificate with its chain behind it, in one file."""
        self("-f", "-h", self.hook, "-t", key, "issue", *names)
        return self.folder / names[0].removeprefix("*.") / "cert.pem"


def test_uacme(site: Site, tmp_path: Path) -> None:
    """An account, http-01 and dns-01, renewal, another account key, revocation, the end of the account."""
    with webroot(site.http_port, tmp_path) as answers:
        uacme = Uacme(site, tmp_path / "uacme", answers=answers)
        uacme("-y", "new", "you@example.com")
        certificate = uacme.issue("uacme.emca.test", "two.uacme.emca.test")
        verify(site.daemon, certificate, certificate)
        first = serial(certificate)
        uacme("newkey")
        uacme("update", "one@example.com")
        uacme.issue("uacme.emca.test", "two.uacme.emca.test", key="EC")
        assert serial(certificate) != first
        wildcard = uacme.issue("*.wild.emca.test", key="EC")
        verify(site.daemon, wildcard, wildcard)
        kept = tmp_path / "kept.pem"
        kept.write_bytes(certificate.read_bytes())
        uacme("revoke", certificate)
        wait_for(lambda: status(site.daemon, kept).startswith("revoked"), "the answer of OCSP", 3)
        uacme("deactivate")


def test_tls_alpn_01(site: Site, tmp_path: Path) -> None:
    """By ualpn, the TLS proxy that comes with uacme."""
    uacme = Uacme(site, tmp_path / "uacme")
    places = ("-b", f"127.0.0.1@{site.alpn_port}", "-c", f"127.0.0.1@{site.http_port}")
    with running("ualpn", *places, "-s", uacme.socket, "-p", tmp_path / "pid", folder=tmp_path):
        wait_for(uacme.socket.exists, "the start of ualpn")
        uacme("-y", "new", "you@example.com")
        certificate = uacme.issue("alpn.emca.test", "two.alpn.emca.test", key="EC")
        verify(site.daemon, certificate, certificate)


def test_external_account(site: Site, tmp_path: Path) -> None:
    """With a key of the operator's, which makes one account and no second."""
    binding = ":".join(site.external_account("--uses", "1"))
    with webroot(site.http_port, tmp_path) as answers:
        uacme = Uacme(site, tmp_path / "uacme", answers=answers, endpoint="bound")
        uacme("-y", "-e", binding, "new", "you@example.com")
        certificate = uacme.issue("bound.emca.test")
        verify(site.daemon, certificate, certificate)
        another = Uacme(site, tmp_path / "another", answers=answers, endpoint="bound")
        with pytest.raises(AssertionError, match="as often as it may be"):
            another("-y", "-e", binding, "new", "you@example.com")
