"""Ruby's `acme-client`: it keeps no nonce before it has read the directory, and writes its requests as version 3."""

from pathlib import Path

import pytest

from tests.support.clients import ROOT, run, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site
from tests.support.webroot import webroot

pytestmark = pytest.mark.interop

SCRIPT = ROOT / "tests" / "interop" / "ruby" / "client.rb"


def test_a_certificate_is_issued_and_revoked(site: Site, tmp_path: Path) -> None:
    """Two names by http-01."""
    certificate = tmp_path / "certificate.pem"
    where = (site.daemon.directory, site.daemon.ca_bundle)
    names = ("ruby.emca.test", "two.ruby.emca.test")
    with webroot(site.http_port, tmp_path) as answers:
        run("ruby", SCRIPT, *where, answers, certificate, *names, environment={"REVOKE": "yes"})
    verify(site.daemon, certificate, certificate)
    wait_for(lambda: status(site.daemon, certificate).startswith("revoked"), "the answer of OCSP", 3)
