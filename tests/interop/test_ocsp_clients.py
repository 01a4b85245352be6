"""Clients that find the responder by themselves: GnuPG's dirmngr, GnuTLS, NSS and two libraries of npm.

The issuer's key is RSA, since dirmngr and npm's `ocsp` know no other for an OCSP answer.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clients import ROOT, Lego, Zone, attempt, run, serial
from tests.support.daemon import Daemon, free_port, wait_for
from tests.support.site import site_settings, write_manual_profile

pytestmark = pytest.mark.interop


@dataclass(frozen=True)
class Outcome:
    """Files in PEM: an RSA root, the issuer under it, a certificate that is good and one that is revoked."""

    root: Path
    issuer: Path
    good: Path
    revoked: Path


@pytest.fixture(scope="module")
def files(zone: Zone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """What lego got while the daemon serves with an RSA issuer; it goes on serving."""
    folder, http_port = tmp_path_factory.mktemp("rsa"), free_port()
    with Daemon(folder / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        for verb, name, parent in (("create-root", "rsa-root", ()), ("create-sub", "rsa", ("--parent", "rsa-root"))):
            daemon.done("ca", verb, name, "--subject", f"CN={name}", "--algorithm", "rsa-2048", *parent)
            (folder / name).write_text(daemon.done("ca", "export", name).out)
        write_manual_profile(daemon)
        text = site_settings(daemon, zone, http_port)
        acme = 'profile = "tls-server"\nissuer = "demo-issuing"'
        daemon.config.write_text(text.replace(acme, acme.replace("demo-issuing", "rsa")))
        daemon.serve()
        lego = Lego(folder / "lego", daemon, http_port, zone)
        for name in ("good.emca.test", "revoked.emca.test"):
            lego("-d", name, *lego.http01, "--key-type", "rsa2048", "run")
            run("openssl", "x509", "-in", lego.file(name), "-out", folder / name)
        lego("-d", "revoked.emca.test", "revoke", "--keep", "--reason", "1")
        revoked, crl = serial(folder / "revoked.emca.test"), f"http://localhost:{daemon.port}/crl/rsa.crl"
        wait_for(lambda: revoked in run("openssl", "crl", "-inform", "DER", "-in", crl, "-noout", "-text"), "the CRL")
        yield Outcome(folder / "rsa-root", folder / "rsa", folder / "good.emca.test", folder / "revoked.emca.test")


@pytest.fixture
def gnupg(files: Outcome, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a GnuPG that trusts the root; its daemons end with the test."""
    home = tmp_path / "gnupg"
    (home / "trusted-certs").mkdir(parents=True)
    home.chmod(0o700)
    (home / "dirmngr.conf").write_text("allow-ocsp\ndisable-ldap\n")
    run("openssl", "x509", "-in", files.root, "-outform", "DER", "-out", home / "trusted-certs" / "root.crt")
    fingerprint = run("openssl", "x509", "-in", files.root, "-noout", "-fingerprint", "-sha1").strip().partition("=")[2]
    (home / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
    environment = {"GNUPGHOME": str(home)}
    run("gpgsm", "--import", files.root, files.issuer, files.good, files.revoked, environment=environment)
    yield environment
    run("gpgconf", "--kill", "all", environment=environment)


@pytest.mark.parametrize("by", ["--enable-ocsp", "--disable-ocsp"], ids=["OCSP", "CRL"])
def test_dirmngr(gnupg: dict[str, str], by: str) -> None:
    """Which finds the answer's signer within the answer, and the CRL by the certificate."""
    for name, expected in (("good", "[certificate is good]"), ("revoked", "[certificate has been revoked]")):
        _, said = attempt("gpgsm", "--with-validation", by, "-k", f"/CN={name}.emca.test", environment=gnupg)
        assert expected in said, said


@pytest.mark.parametrize("nonce", [(), ("--nonce",)], ids=["no nonce", "nonce"])
def test_gnutls(files: Outcome, tmp_path: Path, nonce: tuple[str, ...]) -> None:
    """Which verifies the answer, and takes the responder's address out of the certificate."""
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(files.root.read_bytes() + files.issuer.read_bytes())
    for file, expected in ((files.good, "good"), (files.revoked, "revoked")):
        fixed = ("--load-issuer", files.issuer, "--load-trust", trusted)
        said = run("ocsptool", "--ask", "--load-cert", file, *fixed, *nonce)
        assert f"Certificate Status: {expected}" in said, said
        assert "Verifying OCSP Response: Success." in said, said


def test_nss(files: Outcome, tmp_path: Path) -> None:
    """`ocspclnt` with a database that trusts the root."""
    database = ("-d", f"sql:{tmp_path}")
    run("certutil", "-N", *database, "--empty-password")
    for name in ("root", "issuer", "good", "revoked"):
        trust = "CT,C,C" if name == "root" else ",,"
        run("certutil", "-A", *database, "-n", name, "-t", trust, "-i", getattr(files, name))
    assert "succeeded" in attempt("ocspclnt", "-S", "good", *database)[1]
    assert "has been revoked" in attempt("ocspclnt", "-S", "revoked", *database)[1]


@pytest.mark.parametrize("library", ["ocsp", "easy-ocsp"])
def test_libraries_of_npm(files: Outcome, library: str) -> None:
    """Each says good and revoked."""
    script = ROOT / "tests" / "interop" / "node" / "ocsp.js"
    environment = {"NODE_PATH": os.fspath(ROOT / ".venv" / "node" / "node_modules")}
    for file, expected in ((files.good, "good"), (files.revoked, "revoked")):
        assert run("node", script, library, file, files.issuer, environment=environment).strip() == expected
