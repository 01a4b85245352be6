"""Bringing databases up to date."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, inspect

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store import migrating
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate, pending_migrations
from emca_daemon.store.transactions import SqlStore
from tests.support.records import ISSUER, event, issued, revoked


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def empty(url: str) -> Iterator[Engine]:
    """An empty database."""
    engine = open_engine(StoreSettings(url=url))
    yield engine
    engine.dispose()


def test_an_empty_database_gets_every_step_once(empty: Engine) -> None:
    """In order; then nothing is pending, and nothing is done."""
    pending = pending_migrations(empty)
    assert pending[0] == "0001"
    assert pending == sorted(pending)
    assert migrate(empty) == pending
    assert pending_migrations(empty) == []
    assert migrate(empty) == []


def test_later_steps_keep_what_the_database_holds(empty: Engine) -> None:
    """From the first schema, filled, to the newest."""
    with empty.connect() as connection, connection.begin():
        migrating._begin_alone(connection)
        command.upgrade(migrating._config(connection), "0001")
    store = SqlStore(empty)
    bad, good = revoked(store), issued(store)
    with store.writing() as tx:
        tx.audit.append(event())
        before = tx.certificates.find(ISSUER, bad.serial), tx.certificates.find(ISSUER, good.serial)
    assert migrate(empty) == migrating_steps()[1:]
    with store.reading() as reading:
        after = reading.certificates.find(ISSUER, bad.serial), reading.certificates.find(ISSUER, good.serial)
        assert reading.audit.head()[0] == 1
    assert after == before
    store.close()


def migrating_steps() -> list[str]:
    """Every step there is."""
    return pending_migrations(open_engine(StoreSettings(url="sqlite://")))


def test_a_step_that_fails_leaves_nothing_behind(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither tables nor the mark that it was done."""

    def upgrade_and_fail(*arguments: object) -> None:
        upgrade(*arguments)  # type: ignore[arg-type]
        raise ZeroDivisionError

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", upgrade_and_fail)
    with pytest.raises(ZeroDivisionError):
        migrate(empty)
    assert inspect(empty).get_table_names() == []


def test_several_may_migrate_at_once(url: str, empty: Engine) -> None:
    """One does it all, the others wait and find nothing left."""

    def started(_number: int) -> list[str]:
        engine = open_engine(StoreSettings(url=url))
        try:
            return migrate(engine)
        finally:
            engine.dispose()

    steps = pending_migrations(empty)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(started, range(4))) == [[], [], [], steps]


def test_a_database_out_of_reach_is_unavailable(tmp_path: Path) -> None:
    """For both questions."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'missing' / 'store.db'}"))
    for question in (migrate, pending_migrations):
        with pytest.raises(Refused) as refused:
            question(engine)
        assert refused.value.reason is Reason.UNAVAILABLE
