"""Whenever the daemon is killed, nothing that a client was told is lost, and nothing is signed that nobody knows of."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus
from sqlalchemy import text

from emca_daemon.ca.records import CertificateState
from emca_daemon.cli.demo import create_hierarchy, write_certificates
from emca_daemon.cli.demo_secrets import make_secrets
from emca_daemon.cli.init import prepare
from emca_daemon.clock import system_clock
from emca_daemon.composition.core import open_core
from emca_daemon.names import IssuerName, SerialNumber, serial_text
from emca_daemon.randomness import system_random
from emca_daemon.settings.checking import load_settings
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.transactions import SqlReadingStore
from tests.support.daemon import ISSUER, Daemon, free_port, wait_for
from tests.support.postgres import PostgresServer
from tests.support.traffic import Traffic

pytestmark = pytest.mark.slow

LONGEST_LIFE = 0.8
"""Seconds of load between readiness and the kill, at most."""

LONGEST_START = 1.5
"""The same for a daemon that is killed while it starts, from the start of the process."""

LATER = (
    "UPDATE leases SET runs_out = runs_out - 70000000",
    "UPDATE certificates SET created = created - 70000000 WHERE state = 'intended'",
    "UPDATE acme_challenges SET lease_until = lease_until - 3600000000 WHERE lease_until IS NOT NULL",
)


class Site:
    """A demonstration's home on a database of its own, its daemon, and the port where http-01 is answered."""

    def __init__(self, folder: Path, url: str = "") -> None:
        """`url` is the database's; SQLite in the home if it is empty."""
        caches = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        self.daemon = Daemon(folder / "home", caches)
        self.answers_port = free_port()
        settings = self.daemon.settings()
        sqlite = f"sqlite:///{self.daemon.home}/emca.db"
        self.url = url or sqlite
        for old, new in (
            (sqlite, self.url),
            ("http_port = 5002", f"http_port = {self.answers_port}"),
            ('crl_after_revocation = "2s"', 'crl_after_revocation = "100ms"\ncrl_every = "1s"'),
        ):
            assert old in settings, f"conf/demo.toml has no {old}"
            settings = settings.replace(old, new)
        core = open_core(load_settings(prepare(self.daemon.home, settings), files=False))
        try:
            create_hierarchy(core)
            write_certificates(core, self.daemon.home)
            make_secrets(core, self.daemon.home)
        finally:
            core.store.close()

    def let_a_minute_pass(self) -> None:
        """Make leases and intents older, as if whoever was killed had been dead for longer than a lease lasts."""
        engine = open_engine(StoreSettings(url=self.url))
        with engine.connect() as connection:
            for statement in LATER:
                connection.execute(text(statement))
        engine.dispose()

    def check(self, traffic: Traffic) -> None:
        """Start once more: what the clients remember is true, and the store agrees with itself."""
        memory = traffic.memory
        self.let_a_minute_pass()
        self.daemon.serve()
        revoked = {certificate.serial_number for certificate in memory.revoked}
        abandoned = self.check_store(memory.certificates)
        wait_for(lambda: revoked | abandoned <= {entry.serial_number for entry in traffic.crl()}, "the CRL", 30)
        assert traffic.read_again() == {order: issued.chain for order, (_, issued) in memory.issued.items()}
        assert "processing" not in traffic.states().values()
        assert set(traffic.ocsp(list(memory.revoked))) == {OCSPCertStatus.REVOKED}
        # What was asked for when the daemon died may have been done, although nobody was told.
        good = [certificate for certificate in memory.certificates if certificate not in memory.asked_to_revoke]
        assert set(traffic.ocsp(good)) == {OCSPCertStatus.GOOD}
        self.daemon.stop()
        assert self.daemon.done("audit", "verify", "--json").json["unbroken"] is True
        assert memory.faults == []
        for sign in ("Traceback", '"bug"', " bug "):
            assert sign not in self.daemon.log, self.daemon.log

    def check_store(self, received: list[x509.Certificate]) -> set[int]:
        """Every certificate received is there, no intent is open, each row has its event; the abandoned serials."""
        store = SqlReadingStore(open_engine(StoreSettings(url=self.url), read_only=True))
        with store.reading() as tx:
            for certificate in received:
                record = tx.certificates.find_by_fingerprint(certificate.fingerprint(SHA256()))
                assert record is not None
                assert record.der == certificate.public_bytes(Encoding.DER)
            assert tx.certificates.open_intents(system_clock()) == []
            told: dict[str, set[str]] = {}
            for sealed in tx.audit.walk():
                told.setdefault(f"{sealed.event.action} {sealed.event.outcome}", set()).add(sealed.event.subject)
            issued = told["certificate.issue success"]
            assert {f"{ISSUER}/{serial_text(SerialNumber(one.serial_number))}" for one in received} <= issued
            lost = told.get("certificate.abandon success", set())
            assert lost.isdisjoint(issued)
            serials = {SerialNumber(int(one.partition("/")[2], 16)) for one in lost}
            for serial in serials:
                found = tx.certificates.find(IssuerName(ISSUER), serial)
                assert found is not None
                assert found.state is CertificateState.ABANDONED
        store.close()
        return set(serials)


def some(most: float) -> float:
    """A random part of that."""
    return most * int.from_bytes(system_random(4)) / (1 << 32)


def storm(site: Site, traffic: Traffic, kills: int, workers: int, disturb: Callable[[], None]) -> None:
    """Kill as often as told: mostly under load, sometimes while it starts."""
    for number in range(kills):
        site.let_a_minute_pass()
        if number % 4 == 3:
            site.daemon._run(["serve", "--workers", str(workers)])
            time.sleep(some(LONGEST_START))
        else:
            site.daemon.serve(workers=workers)
            time.sleep(some(LONGEST_LIFE))
            disturb()
        site.daemon.kill()
    assert len(traffic.memory.certificates) >= kills
    assert traffic.memory.revoked
    assert len(traffic.memory.crl_numbers) >= kills / 4


def survive(site: Site, kills: int, workers: int = 1, disturb: Callable[[], None] = lambda: None) -> None:
    """The storm, and the check after it."""
    with site.daemon, Traffic(site.daemon, site.answers_port) as traffic:
        storm(site, traffic, kills, workers, disturb)
        traffic.pause()
        site.check(traffic)


def test_sqlite_survives(tmp_path: Path, kills: int) -> None:
    """A daemon on a SQLite file, killed again and again under load."""
    survive(Site(tmp_path), kills)


@pytest.mark.database
def test_postgresql_survives(tmp_path: Path, postgres_url: str, kills: int) -> None:
    """Two workers on PostgreSQL, killed together again and again under load."""
    survive(Site(tmp_path, postgres_url), kills, workers=2)


@pytest.mark.database
def test_postgresql_may_crash_too(
    tmp_path: Path, postgres_url: str, postgres_server: PostgresServer, kills: int
) -> None:
    """The database itself ends at once under load, twice, and the daemon that lived through it is killed later."""

    def crash() -> None:
        for _ in range(2):
            postgres_server.pause()
            time.sleep(some(LONGEST_LIFE))
            postgres_server.resume()
            time.sleep(LONGEST_LIFE)

    survive(Site(tmp_path, postgres_url), max(2, kills // 10), disturb=crash)
