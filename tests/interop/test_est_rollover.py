"""EST while one root is followed by another, with curl and openssl."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.composition.core import open_core
from emca_daemon.names import IssuerName
from emca_daemon.settings.checking import load_settings
from tests.support.clients import run
from tests.support.daemon import Daemon
from tests.support.est_clients import EstSite
from tests.support.rollover import certified

pytestmark = pytest.mark.interop


def test_who_trusts_one_root_comes_to_trust_the_other(tmp_path: Path) -> None:
    """By the certificates in /cacerts openssl finds a way from each root to what the other one issued."""
    with Daemon(tmp_path / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        issue_crossed(daemon)
        keys = f'next_issuer = "next"\nrollover_certificates = ["{daemon.home}/crossed.pem"]'
        daemon.config.write_text(daemon.settings().replace("[est.default]", f"[est.default]\n{keys}"))
        daemon.serve()
        bundle, every = tmp_path / "ca.p7", tmp_path / "ca.pem"
        status, content, _ = EstSite(daemon, tmp_path).curl("cacerts", None)
        assert status == 200
        bundle.write_bytes(base64.b64decode(content))
        run("openssl", "pkcs7", "-inform", "DER", "-in", bundle, "-print_certs", "-out", every)
        assert every.read_text().count("BEGIN CERTIFICATE") == 6
        for trusted, leaf in (("root.pem", "next.pem"), ("next-root.pem", "issuer.pem")):
            anchor = ("-CAfile", daemon.home / trusted, "-no-CApath", "-no-CAstore")
            run("openssl", "verify", *anchor, "-untrusted", every, daemon.home / leaf)
        daemon.stop()


def issue_crossed(daemon: Daemon) -> None:
    """A second root and a CA beneath it, and both rollover certificates, all as files in the home."""
    for name, command in (
        ("next-root", ("create-root", "next-root")),
        ("next", ("create-sub", "next", "--parent", "next-root")),
    ):
        daemon.done("ca", *command, "--subject", f"CN={name},O=EMCA Demo", "--key", f"software:{name}")
        (daemon.home / f"{name}.pem").write_text(daemon.done("ca", "export", name).out)
    core = open_core(load_settings(daemon.config, files=False))
    try:
        old, new = (core.authorities.get(IssuerName(name)) for name in ("demo-root", "next-root"))
        crossed = (certified(core.keys, old, new, core.clock()), certified(core.keys, new, old, core.clock()))
    finally:
        core.store.close()
    (daemon.home / "crossed.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in crossed))
