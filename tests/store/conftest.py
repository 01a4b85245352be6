"""Stores of every kind, for the contracts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.engine import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

PATIENCE = timedelta(seconds=5)

FILE, MEMORY = "sqlite-file", "sqlite-memory"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.database)


@pytest.fixture(params=[FILE, MEMORY, POSTGRESQL])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of each kind."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'store.db'}" if request.param == FILE else "sqlite://"
    engine = open_engine(StoreSettings(url=url, timeout=PATIENCE))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Iterator[SqlStore]:
    """A store over it, with the time standing still."""
    store = SqlStore(engine, lambda: NOW)
    yield store
    store.close()


@pytest.fixture(params=[FILE, POSTGRESQL])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], SqlStore]]:
    """Opens stores that share one database as processes do."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'store.db'}"
    with ExitStack() as stack:

        def opened() -> SqlStore:
            engine = open_engine(StoreSettings(url=url, timeout=PATIENCE))
            migrate(engine)
            store = SqlStore(engine, lambda: NOW)
            stack.callback(store.close)
            return store

        yield opened
