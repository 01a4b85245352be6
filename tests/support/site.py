"""A demonstration's home under test: served on the tests' own ports, with a DNS server that the tests write."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.clients import Certbot, Lego, Zone
from tests.support.daemon import Daemon

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
