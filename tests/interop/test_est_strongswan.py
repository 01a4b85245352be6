"""EST with strongSwan's `pki --estca` and `pki --est`: CA certificates, first certificate, renewal."""

import subprocess
from pathlib import Path

import pytest

from tests.support.clients import run
from tests.support.est_clients import EstSite, subject
from tests.support.site import Site

pytestmark = pytest.mark.interop


@pytest.fixture
def est(site: Site, tmp_path: Path) -> EstSite:
    """The demonstration's EST."""
    return EstSite(site.daemon, tmp_path)


def pki(*arguments: str | Path, conf: Path | None = None) -> bytes:
    """Standard output of `pki`."""
    environment = {"PATH": "/usr/bin:/bin", **({"STRONGSWAN_CONF": str(conf)} if conf else {})}
    done = subprocess.run(["pki", *arguments], env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def address(est: EstSite) -> str:
    """What `--url` takes: the client adds /.well-known/est itself."""
    return est.url.removesuffix("/.well-known/est")


def test_estca_fetches_the_chain(est: EstSite) -> None:
    """Root and issuing CA, each in a file."""
    out = est.folder / "ca.pem"
    pki("--estca", "--url", address(est), "--cacert", est.root, "--caout", out, "--outform", "pem")
    found = sorted(est.folder.glob("ca*.pem"))
    assert len(found) == 2
    assert {subject(file).split(",")[0] for file in found} == {"CN=EMCA Demo Root CA", "CN=EMCA Demo Issuing CA"}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_est_enrolls_and_renews(est: EstSite, version: str) -> None:
    """By password first, then by the certificate, over both TLS versions."""
    conf = est.folder / "strongswan.conf"
    conf.write_text(f"pki {{\n  tls {{\n    version_max = {version}\n  }}\n}}\n")
    key, csr = est.request("strongswan", "-addext", "subjectAltName=DNS:strongswan.emca.test", kind="rsa")
    issuer = est.daemon.home / "issuer.pem"
    trusted = ("--url", address(est), "--cacert", est.root, "--cacert", issuer)
    first, second = est.folder / "first.pem", est.folder / "second.pem"
    first.write_bytes(pki("--est", *trusted, "--in", csr, "--userpass", est.userpass, "--outform", "pem", conf=conf))
    assert subject(first) == "CN=strongswan"
    renewing = ("--est", *trusted, "--in", csr, "--cert", first, "--key", key, "--outform", "pem")
    second.write_bytes(pki(*renewing, conf=conf))
    assert subject(second) == "CN=strongswan"
    run("openssl", "verify", "-CAfile", est.daemon.ca_bundle, second)
    assert first.read_bytes() != second.read_bytes()
