"""The daemon and the DNS server that the interoperability tests share."""

from collections.abc import Iterator

import pytest

from tests.support.clients import Zone
from tests.support.daemon import Daemon, free_port
from tests.support.site import Site, site_settings, write_manual_profile


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
