"""The daemon, the DNS server and the clients that the interoperability tests share."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clients import Certbot, Lego, Zone
from tests.support.daemon import Daemon, free_port

MANUAL_ENDPOINT = """
[acme.manual]
base_url = "https://localhost:{tls_port}/manual"
profile = "tls-server-manual"
issuer = "demo-issuing"
http_port = {http_port}
validation_interval = "1s"

[acme.manual.network]
hosts = {{ "*.emca.test" = "127.0.0.1" }}
allow_networks = ["127.0.0.0/8"]
"""


@dataclass(frozen=True)
class Site:
    """A daemon that serves, with the DNS server it asks and the port where it looks for http-01 answers."""

    daemon: Daemon
    zone: Zone
    http_port: int

    def certbot(self, folder: Path) -> Certbot:
        """A certbot without an account."""
        return Certbot(folder / "certbot", self.daemon, self.http_port, self.zone)

    def lego(self, folder: Path) -> Lego:
        """A lego without an account."""
        return Lego(folder / "lego", self.daemon, self.http_port, self.zone)


def site_settings(daemon: Daemon, zone: Zone, http_port: int) -> str:
    """The demonstration's settings with the test's own ports, and a log that tells everything."""
    text = daemon.settings()
    for old, new in (
        ("http_port = 5002", f"http_port = {http_port}"),
        ('"127.0.0.1:8053"', f'"{zone.address}"'),
        ('format = "console"', 'format = "json"'),
        ('level = "warning"', 'level = "debug"'),
        ('validation_interval = "1s"', 'validation_interval = "1s"\nvalidation_attempts = 2'),
    ):
        assert old in text, f"conf/demo.toml has no {old}"
        text = text.replace(old, new)
    return text + MANUAL_ENDPOINT.format(tls_port=daemon.tls_port, http_port=http_port)


def write_manual_profile(daemon: Daemon) -> None:
    """The profile tls-server, with a person who approves."""
    text = (daemon.home / "profiles" / "tls-server.toml").read_text()
    (daemon.home / "profiles" / "tls-server-manual.toml").write_text('approval = "manual"\n' + text)


@pytest.fixture(scope="session")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    """The DNS server of the run."""
    server = Zone(tmp_path_factory.mktemp("dns") / "zone")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, zone: Zone) -> Iterator[Site]:
    """The daemon that most tests talk to: a demonstration's home, served with the tests' own ports.

    In the end it must stop well, its log must be clean and its audit chain unbroken.
    """
    http_port = free_port()
    with Daemon(tmp_path_factory.mktemp("site") / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        write_manual_profile(daemon)
        daemon.config.write_text(site_settings(daemon, zone, http_port))
        daemon.serve()
        yield Site(daemon, zone, http_port)
        daemon.stop()
        daemon.assert_quiet()
        assert daemon.done("audit", "verify", "--json").json["unbroken"] is True
