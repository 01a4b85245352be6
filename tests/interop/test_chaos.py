"""A demonstration that treats its clients badly: good ones get their certificates all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import Lego, Zone, verify
from tests.support.daemon import Daemon, free_port
from tests.support.site import Site, site_settings, write_manual_profile

pytestmark = pytest.mark.interop

CHAOS = """
[chaos]
bad_nonces = 0.2
forgotten_authorizations = 0.5
slow_validations = "1s"
slow_orders = "2s"
moved_resources = true
"""


@pytest.fixture
def chaotic(zone: Zone, tmp_path: Path) -> Iterator[Site]:
    """A site of its own, in chaos."""
    http_port, alpn_port = free_port(), free_port()
    with Daemon(tmp_path / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        write_manual_profile(daemon)
        daemon.config.write_text(site_settings(daemon, zone, http_port, alpn_port) + CHAOS)
        daemon.serve()
        yield Site(daemon, zone, http_port, alpn_port)
        daemon.stop()
        daemon.assert_quiet()


def test_lego(chaotic: Site, tmp_path: Path) -> None:
    """Nonces refused, a slow order, addresses that are only in the directory; also for renewal and revocation."""
    lego: Lego = chaotic.lego(tmp_path)
    lego(*lego.http01, "-d", "chaos.emca.test", "run")
    certificate = lego.file("chaos.emca.test")
    verify(chaotic.daemon, certificate, certificate)
    lego(*lego.http01, "-d", "chaos.emca.test", "renew", "--days", "20000", "--no-random-sleep")
    lego("-d", "chaos.emca.test", "revoke", "--keep")
