"""The daemon and the DNS server that the interoperability tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import Zone
from tests.support.cmp_site import (
    SECRET,
    Openssl,
    approved,
    cmp_settings,
    openssl_3_5,
    system_openssl,
    write_files,
)
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
    http_port, alpn_port = free_port(), free_port()
    with Daemon(tmp_path_factory.mktemp("site") / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        write_manual_profile(daemon)
        daemon.config.write_text(site_settings(daemon, zone, http_port, alpn_port))
        daemon.serve()
        yield Site(daemon, zone, http_port, alpn_port)
        daemon.stop()
        daemon.assert_quiet()
        assert daemon.done("audit", "verify", "--json").json["unbroken"] is True


@pytest.fixture(scope="session")
def cmp_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with CMP endpoints of every kind; in the end its log must be clean and its audit chain unbroken."""
    with Daemon(tmp_path_factory.mktemp("cmp") / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        write_files(daemon.home)
        daemon.config.write_text(cmp_settings(daemon))
        daemon.serve()
        yield daemon
        daemon.stop()
        daemon.assert_quiet(SECRET)
        assert daemon.done("audit", "verify", "--json").json["unbroken"] is True


@pytest.fixture(scope="session")
def newer_openssl(tmp_path_factory: pytest.TempPathFactory) -> str:
    """OpenSSL 3.5, from Debian 13, unpacked."""
    program = openssl_3_5(Path(__file__).parents[2] / ".ci" / "openssl-3.5", tmp_path_factory.mktemp("openssl"))
    assert program, "OpenSSL 3.5 could not be had"
    return program


@pytest.fixture(params=["system", "3.5"])
def openssl(request: pytest.FixtureRequest, cmp_daemon: Daemon, tmp_path: Path) -> Openssl:
    """`openssl cmp` of this system and of 3.5, in a fresh folder."""
    program = system_openssl() if request.param == "system" else request.getfixturevalue("newer_openssl")
    return Openssl(program, tmp_path, cmp_daemon)


@pytest.fixture
def newer(newer_openssl: str, cmp_daemon: Daemon, tmp_path: Path) -> Openssl:
    """`openssl cmp` 3.5, for what older ones have no options for."""
    return Openssl(newer_openssl, tmp_path, cmp_daemon)


@pytest.fixture(scope="session")
def authority(cmp_daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A registration authority's certificate and key, approved by a person while the client polled."""
    openssl = Openssl(system_openssl(), tmp_path_factory.mktemp("ra"), cmp_daemon)
    approved(openssl, "/CN=RA", "/cmp-ra", "ra.pem")
    return openssl.folder / "ra.pem", openssl.folder / "new.key"
