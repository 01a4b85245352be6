"""Tests of emca_daemon.store.scep_transactions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.scep.records import Transaction
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlStore

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = Transaction("id-1", "group", "site", b"k" * 32, NOW, NOW + timedelta(days=1))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    """An empty store on either database."""
    if request.param == "sqlite":
        engine = open_engine(StoreSettings(url="sqlite:///:memory:"))
        migrate(engine)
    else:
        engine = open_engine(StoreSettings(url=request.getfixturevalue("postgres_url")))
    opened = SqlStore(engine)
    yield opened
    opened.close()


def test_what_was_put_is_found(store: SqlStore) -> None:
    """By its name, and with its group, newest first."""
    second = replace(
        FIRST, id="id-2", created=NOW + timedelta(hours=1), issuer=IssuerName("ca"), serial=SerialNumber(7), pending="p"
    )
    with store.writing() as tx:
        assert tx.scep.put(FIRST, None)
        assert tx.scep.put(second, None)
    with store.reading() as tx:
        assert tx.scep.get("id-1") == FIRST
        assert tx.scep.get("id-3") is None
        assert list(tx.scep.of_group("group")) == [second, FIRST]
        assert list(tx.scep.of_group("other")) == []


def test_of_two_the_first_is_kept(store: SqlStore) -> None:
    """Unless the second says what it replaces, and that is still there."""
    later = replace(FIRST, created=NOW + timedelta(hours=1))
    latest = replace(FIRST, created=NOW + timedelta(hours=2))
    with store.writing() as tx:
        assert tx.scep.put(FIRST, None)
        assert not tx.scep.put(later, None)
        assert tx.scep.put(later, FIRST)
        assert not tx.scep.put(latest, FIRST)
        assert tx.scep.get("id-1") == later


def test_what_has_expired_is_forgotten(store: SqlStore) -> None:
    """At most so many at once."""
    with store.writing() as tx:
        for number in range(3):
            tx.scep.put(replace(FIRST, id=f"id-{number}", expires=NOW + timedelta(days=number)), None)
        assert not tx.scep.overdue(NOW - timedelta(days=1))
        assert tx.scep.overdue(NOW)
        assert tx.scep.forget(NOW + timedelta(days=1), 1) == 1
        assert tx.scep.forget(NOW + timedelta(days=1), 9) == 1
        assert [one.id for one in tx.scep.of_group("group")] == ["id-2"]
