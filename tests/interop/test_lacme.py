"""lacme: a client of several processes in Perl, whose account key is an RSA key in a file."""

from pathlib import Path

import pytest

from tests.support.clients import run, serial, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site
from tests.support.system_trust import trusting
from tests.support.webroot import webroot

pytestmark = pytest.mark.interop

SETTINGS = """
[client]
server = {directory}
user =
group =
[webserver]
listen =
challenge-directory = {answers}
user =
group =
[accountd]
config = {folder}/accountd.conf
quiet = Yes
"""

CERTIFICATES = """
CAfile =
[www]
certificate-key = {folder}/www.key
certificate = {folder}/www.pem
certificate-chain = {folder}/www.chain.pem
subject = /CN=lacme.emca.test
subjectAltName = DNS:lacme.emca.test,DNS:two.lacme.emca.test
"""


def test_lacme(site: Site, tmp_path: Path) -> None:
    """An account, http-01 by files, renewal, revocation."""
    folder = tmp_path / "lacme"
    folder.mkdir()
    run("openssl", "genrsa", "-out", folder / "account.key", "2048")
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "www.key")
    with webroot(site.http_port, tmp_path) as answers:
        places = {"folder": folder, "answers": answers, "directory": site.daemon.directory}
        (folder / "lacme.conf").write_text(SETTINGS.format(**places))
        (folder / "certs.conf").write_text(CERTIFICATES.format(**places))
        (folder / "accountd.conf").write_text(f"privkey = file:{folder}/account.key\n")
        system = trusting(site.daemon.ca_bundle, folder / "trust")

        def lacme(*arguments: str | Path) -> str:
            return run(*system, "lacme", f"--config={folder}/lacme.conf", *arguments)

        lacme("account", "--register", "--tos-agreed", "mailto:you@example.com")
        certificate = folder / "www.pem"
        lacme("newOrder", f"--config-certs={folder}/certs.conf")
        verify(site.daemon, certificate, folder / "www.chain.pem")
        first = serial(certificate)
        lacme("newOrder", f"--config-certs={folder}/certs.conf", "--min-days=10000")
        assert serial(certificate) != first
        lacme("revokeCert", certificate)
        wait_for(lambda: status(site.daemon, certificate).startswith("revoked"), "the answer of OCSP", 3)
        lacme("account", "--deactivate")
