"""A demonstration's home under test: served on the tests' own ports, with a DNS server that the tests write."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.clients import Certbot, Lego, Zone
from tests.support.daemon import Daemon

MORE_ENDPOINTS = """
[acme.manual]
base_url = "https://localhost:{tls_port}/manual"
profile = "tls-server-manual"
issuer = "demo-issuing"
http_port = {http_port}
validation_interval = "1s"

[acme.manual.network]
hosts = {{ "*.emca.test" = "127.0.0.1" }}
allow_networks = ["127.0.0.0/8"]

[acme.bound]
base_url = "https://localhost:{tls_port}/bound"
profile = "tls-server"
issuer = "demo-issuing"
external_accounts = "required"
http_port = {http_port}
validation_interval = "1s"

[acme.bound.network]
hosts = {{ "*.emca.test" = "127.0.0.1" }}
allow_networks = ["127.0.0.0/8"]
"""


@dataclass(frozen=True)
class Site:
    """A daemon that serves, the DNS server it asks, and the ports where it looks for http-01 and tls-alpn-01."""

    daemon: Daemon
    zone: Zone
    http_port: int
    alpn_port: int

    def directory(self, endpoint: str) -> str:
        """The address of another endpoint's directory: `manual`, `bound`."""
        return self.daemon.directory.replace("/acme/", f"/{endpoint}/")

    def external_account(self, *options: str) -> tuple[str, str]:
        """A new key for accounts at `bound`: its identifier and the key."""
        said = self.daemon.done("eab", "create", *options, "--json").json
        return said["id"], said["hmac_key"]

    def certbot(self, folder: Path) -> Certbot:
        """A certbot without an account."""
        return Certbot(folder / "certbot", self.daemon, self.http_port, self.zone)

    def lego(self, folder: Path) -> Lego:
        """A lego without an account."""
        return Lego(folder / "lego", self.daemon, self.http_port, self.zone)


def site_settings(daemon: Daemon, zone: Zone, http_port: int, alpn_port: int = 5001) -> str:
    """The demonstration's settings with the test's own ports, and a log that tells everything."""
    text = daemon.settings()
    for old, new in (
        ("http_port = 5002", f"http_port = {http_port}"),
        ("tls_port = 5001", f"tls_port = {alpn_port}"),
        ('"127.0.0.1:8053"', f'"{zone.address}"'),
        ('format = "console"', 'format = "json"'),
        ('level = "warning"', 'level = "debug"'),
        ('validation_interval = "1s"', 'validation_interval = "1s"\nvalidation_attempts = 2'),
    ):
        assert old in text, f"conf/demo.toml has no {old}"
        text = text.replace(old, new)
    return text + MORE_ENDPOINTS.format(tls_port=daemon.tls_port, http_port=http_port)


def write_manual_profile(daemon: Daemon) -> None:
    """The profile tls-server, with a person who approves."""
    text = (daemon.home / "profiles" / "tls-server.toml").read_text()
    (daemon.home / "profiles" / "tls-server-manual.toml").write_text('approval = "manual"\n' + text)
