"""Libraries of JavaScript programs: npm's `acme-client`, with key rollover between kinds of keys, and `@root/acme`."""

from pathlib import Path

import pytest

from tests.support.clients import ROOT, run, serial, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site
from tests.support.webroot import webroot

pytestmark = pytest.mark.interop

SCRIPTS = ROOT / "tests" / "interop" / "node"
MODULES = ROOT / ".venv" / "node" / "node_modules"


@pytest.mark.parametrize("bound", [False, True], ids=["anybody", "external account"])
def test_the_life_of_an_account(site: Site, tmp_path: Path, bound: bool) -> None:
    """Two names by http-01, contacts, another key, the same names again, revocation, the end of the account."""
    environment = {"NODE_PATH": str(MODULES), "NODE_EXTRA_CA_CERTS": str(site.daemon.ca_bundle)}
    directory = site.daemon.directory
    if bound:
        directory = site.directory("bound")
        environment["EAB_KID"], environment["EAB_KEY"] = site.external_account("--uses", "1")
    names = ("node.emca.test", "two.node.emca.test")
    with webroot(site.http_port, tmp_path) as answers:
        run("node", SCRIPTS / "client.js", directory, answers, tmp_path, *names, environment=environment)
    first, second = tmp_path / "first.pem", tmp_path / "second.pem"
    verify(site.daemon, first, first)
    verify(site.daemon, second, second)
    assert serial(first) != serial(second)
    assert status(site.daemon, first) == "good"
    wait_for(lambda: status(site.daemon, second) == "revoked superseded", "the answer of OCSP", 3)


def test_greenlock_s_library(site: Site, tmp_path: Path) -> None:
    """Which asks for JSON at every address, that of the certificate too."""
    environment = {"NODE_PATH": str(MODULES), "NODE_EXTRA_CA_CERTS": str(site.daemon.ca_bundle)}
    certificate = tmp_path / "certificate.pem"
    names = ("root.emca.test", "two.root.emca.test")
    with webroot(site.http_port, tmp_path) as answers:
        script = SCRIPTS / "root.js"
        run("node", script, site.daemon.directory, answers, certificate, *names, environment=environment)
    verify(site.daemon, certificate, certificate)
