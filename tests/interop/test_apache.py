"""Apache's mod_md: certificates for the hosts of a web server, taken into use at its next graceful restart."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support.background import Background, running
from tests.support.clients import Zone, run, serial, verify
from tests.support.daemon import free_port, wait_for
from tests.support.shown import shown_certificate
from tests.support.site import Site

pytestmark = pytest.mark.interop

NAME = "apache.emca.test"
_GOT = "AH10059"
"""The number of the message that a restart will bring a new certificate into use."""

MODULES = ("mpm_event", "authz_core", "socache_shmcb", "ssl", "md")

SETTINGS = """
ServerRoot "{folder}"
ServerName {name}
PidFile {folder}/pid
ErrorLog {folder}/error.log
LogLevel md:debug
Mutex file:{folder} default
User {user}
{modules}
Listen 127.0.0.1:{http}
Listen 127.0.0.1:{https} https
Protocols http/1.1 acme-tls/1
SSLSessionCache none
MDStoreDir {folder}/md
MDCertificateAuthority {directory}
MDCACertificateFile {folder}/ca-bundle.pem
MDCertificateAgreement accepted
MDContactEmail you@example.com
MDPortMap 80:{http} 443:{https}
MDCAChallenges {challenge}
MDRetryDelay 1s
MDRenewWindow {window}
{more}
MDomain {domain}
<VirtualHost 127.0.0.1:{http}>
ServerName {name}
DocumentRoot {folder}/www
</VirtualHost>
<VirtualHost 127.0.0.1:{https}>
ServerName {name}
SSLEngine on
DocumentRoot {folder}/www
</VirtualHost>
"""


class Relay(BaseHTTPRequestHandler):
    """Writes TXT records for Apache's own account, which may not touch the zone file: `/present/NAME/VALUE`."""

    def do_GET(self) -> None:
        """Call the hook of the zone."""
        verb, name, value = self.path.strip("/").split("/")
        zone: Zone = self.server.zone  # type: ignore[attr-defined]
        run(zone.hook, verb, f"_acme-challenge.{name}.", value)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Not a word."""


@contextmanager
def dns_script(site: Site, folder: Path) -> Iterator[Path]:
    """A script as MDChallengeDns01 wants it: `setup NAME VALUE` and `teardown NAME`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        server.zone = site.zone  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        script = folder / "dns"
        address = f"http://127.0.0.1:{server.server_port}"
        script.write_text(f'#!/bin/sh\ncase "$1" in setup) exec curl -sSf "{address}/present/$2/$3" ;; esac\n')
        script.chmod(0o755)
        try:
            yield script
        finally:
            server.shutdown()
            thread.join(10)


@contextmanager
def folder_for_all(site: Site) -> Iterator[Path]:
    """A folder that Apache's own account may read, too."""
    with TemporaryDirectory(prefix="emca-apache-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "www").mkdir()
        (folder / "ca-bundle.pem").write_bytes(site.daemon.ca_bundle.read_bytes())
        yield folder


class Apache:
    """A web server whose one host is managed by mod_md."""

    def __init__(self, site: Site, folder: Path, ports: tuple[int, int], challenge: str, **changes: str) -> None:
        """`ports` are those of HTTP and HTTPS; `changes` replace parts of the settings."""
        self.folder = folder
        self._root = site.daemon.home / "root.pem"
        self._https = ports[1]
        self._values = {
            "folder": str(folder),
            "name": NAME,
            "domain": NAME,
            "user": "www-data" if os.getuid() == 0 else "#-1",
            "modules": "\n".join(
                f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES
            ),
            "http": str(ports[0]),
            "https": str(ports[1]),
            "directory": site.daemon.directory,
            "challenge": challenge,
            "window": "33%",
            "more": "",
            **changes,
        }
        self.config = folder / "apache.conf"
        self.configure()

    def configure(self, **changes: str) -> None:
        """Write the settings, changed."""
        self._values |= changes
        self.config.write_text(SETTINGS.format(**self._values))

    @property
    def log(self) -> str:
        """Its error log."""
        file = self.folder / "error.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def activate(self, server: Background, before: str = "") -> Path:
        """Restart gracefully whenever a certificate was got, until clients are shown one in the place of `before`."""
        chain = self.folder / "md" / "domains" / NAME / "pubcert.pem"
        shown = self.folder / "shown.pem"
        restarts = 0

        def served() -> bool:
            nonlocal restarts
            server.assert_running()
            if self.log.count(_GOT) > restarts:
                restarts = self.log.count(_GOT)
                server.signal(signal.SIGUSR1)
            with suppress(OSError):
                shown.write_text(shown_certificate(self._https, NAME, self._root))
                return shown.read_text() in chain.read_text() and serial(shown) != before
            return False

        wait_for(served, "a certificate for Apache", 60)
        return shown

    def check(self, site: Site, certificate: Path) -> None:
        """The whole chain was stored."""
        verify(site.daemon, certificate, self.folder / "md" / "domains" / NAME / "pubcert.pem")


def test_http_01_and_renewal(site: Site) -> None:
    """A certificate, and as soon as its renewal is due the next one."""
    with folder_for_all(site) as folder:
        apache = Apache(site, folder, (site.http_port, free_port()), "http-01")
        with running("apache2", "-f", apache.config, "-DFOREGROUND", folder=folder) as server:
            certificate = apache.activate(server)
            apache.check(site, certificate)
            first = serial(certificate)
            apache.configure(window="90d")
            server.signal(signal.SIGUSR1)
            renewed = apache.activate(server, first)
            apache.check(site, renewed)
            assert serial(renewed) != first


def test_tls_alpn_01(site: Site) -> None:
    """On the port of HTTPS alone."""
    with folder_for_all(site) as folder:
        apache = Apache(site, folder, (free_port(), site.alpn_port), "tls-alpn-01")
        with running("apache2", "-f", apache.config, "-DFOREGROUND", folder=folder) as server:
            apache.check(site, apache.activate(server))


def test_dns_01(site: Site) -> None:
    """With a wildcard."""
    with folder_for_all(site) as folder, dns_script(site, folder) as script:
        ports = (free_port(), free_port())
        names = f"{NAME} *.{NAME}"
        more = f"MDChallengeDns01 {script}"
        apache = Apache(site, folder, ports, "dns-01", domain=names, more=more)
        with running("apache2", "-f", apache.config, "-DFOREGROUND", folder=folder) as server:
            certificate = apache.activate(server)
            apache.check(site, certificate)
            assert f"DNS:*.{NAME}" in run("openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName")


def test_external_account(site: Site) -> None:
    """With a key of the operator's."""
    binding = "MDExternalAccountBinding {} {}".format(*site.external_account("--note", "Apache"))
    with folder_for_all(site) as folder:
        ports = (site.http_port, free_port())
        apache = Apache(site, folder, ports, "http-01", directory=site.directory("bound"), more=binding)
        with running("apache2", "-f", apache.config, "-DFOREGROUND", folder=folder) as server:
            apache.check(site, apache.activate(server))
