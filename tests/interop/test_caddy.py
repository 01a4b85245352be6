"""Caddy: a web server that gets its certificates by itself, and whose ACME client is strict about answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.background import Background, running
from tests.support.clients import run, serial, verify
from tests.support.daemon import free_port, wait_for
from tests.support.shown import shown_certificate
from tests.support.site import Site

pytestmark = pytest.mark.interop

NAME = "caddy.emca.test"


class Served:
    """A running Caddy and what it shows to TLS clients."""

    def __init__(self, caddy: Background, folder: Path, port: int, root: Path) -> None:
        self._caddy = caddy
        self._folder = folder
        self._port = port
        self._root = root

    def certificate(self) -> Path:
        """What a client is shown that trusts the demonstration's root; waits until there is something."""
        file = self._folder / "shown.pem"

        def shown() -> bool:
            self._caddy.assert_running()
            with suppress(OSError):
                file.write_text(shown_certificate(self._port, NAME, self._root))
                return True
            return False

        wait_for(shown, "Caddy's certificate", 60)
        return file


@contextmanager
def serving(
    site: Site, folder: Path, ports: tuple[int, int], issuer: dict[str, Any], **policy: Any
) -> Iterator[Served]:
    """A Caddy for one name; `ports` are those of HTTP and HTTPS, `issuer` and `policy` further settings."""
    issuer = {
        "module": "acme",
        "ca": site.daemon.directory,
        "email": "you@example.com",
        "trusted_roots_pem_files": [str(site.daemon.ca_bundle)],
        **issuer,
    }
    answer = {"match": [{"host": [NAME]}], "handle": [{"handler": "static_response", "body": "served"}]}
    servers = {
        "secure": {"listen": [f"127.0.0.1:{ports[1]}"], "routes": [answer]},
        "plain": {"listen": [f"127.0.0.1:{ports[0]}"]},
    }
    policies = [{"subjects": [NAME], "issuers": [issuer], "key_type": "p256", **policy}]
    chosen = {
        "admin": {"listen": f"127.0.0.1:{free_port()}"},
        "apps": {
            "http": {"http_port": ports[0], "https_port": ports[1], "servers": servers},
            "tls": {"automation": {"policies": policies, "renew_interval": "1s"}},
        },
    }
    config = folder / "caddy.json"
    config.write_text(json.dumps(chosen))
    environment = {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    with running("caddy", "run", "--config", config, folder=folder, environment=environment) as caddy:
        yield Served(caddy, folder, ports[1], site.daemon.home / "root.pem")
        assert '"level":"error"' not in caddy.log


def check(site: Site, folder: Path, certificate: Path) -> None:
    """The certificate is for the name, and what Caddy stored is its whole chain."""
    assert f"DNS:{NAME}" in run("openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName")
    (stored,) = (folder / "data").rglob(f"{NAME}.crt")
    verify(site.daemon, certificate, stored)


def test_http_01(site: Site, tmp_path: Path) -> None:
    """Caddy gets a certificate by itself and serves it."""
    ports = (site.http_port, free_port())
    with serving(site, tmp_path, ports, {"challenges": {"tls-alpn": {"disabled": True}}}) as served:
        check(site, tmp_path, served.certificate())


def test_tls_alpn_01(site: Site, tmp_path: Path) -> None:
    """The same on the port of HTTPS alone."""
    ports = (free_port(), site.alpn_port)
    with serving(site, tmp_path, ports, {"challenges": {"http": {"disabled": True}}}) as served:
        check(site, tmp_path, served.certificate())


def test_external_account_and_renewal(site: Site, tmp_path: Path) -> None:
    """With a key of the operator's; where renewal is due at once the next certificate follows by itself."""
    kid, key = site.external_account()
    issuer = {
        "ca": site.directory("bound"),
        "external_account": {"key_id": kid, "mac_key": key},
        "challenges": {"tls-alpn": {"disabled": True}},
    }
    ports = (site.http_port, free_port())
    with serving(site, tmp_path, ports, issuer, renewal_window_ratio=0.9999) as served:
        first = serial(served.certificate())
        wait_for(lambda: serial(served.certificate()) != first, "the renewal", 60)
        check(site, tmp_path, served.certificate())
