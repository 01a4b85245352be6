"""Stores of every kind, for the contracts."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

PATIENCE = timedelta(seconds=5)

FILE, MEMORY = "sqlite-file", "sqlite-memory"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.database)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied, since migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    engine = open_engine(StoreSettings(url=f"sqlite:///{file}"))
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite file of the test's own."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'store.db')}"


@pytest.fixture(params=[FILE, MEMORY, POSTGRESQL])
def engine(request: pytest.FixtureRequest, migrated_file: Path) -> Iterator[Engine]:
    """A migrated database of each kind."""
    urls = {FILE: "sqlite_url", "postgresql": "postgres_url"}
    url = "sqlite://" if request.param == MEMORY else request.getfixturevalue(urls[request.param])
    engine = open_engine(StoreSettings(url=url, timeout=PATIENCE))
    if request.param == MEMORY:
        with closing(sqlite3.connect(migrated_file)) as source, engine.connect() as connection:
            source.backup(connection.connection.driver_connection)  # type: ignore[arg-type]
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Iterator[SqlStore]:
    """A store over it, with the time standing still."""
    store = SqlStore(engine, lambda: NOW)
    yield store
    store.close()


@pytest.fixture(params=[FILE, POSTGRESQL])
def open_store(request: pytest.FixtureRequest) -> Iterator[Callable[[], SqlStore]]:
    """Opens stores that share one database as processes do."""
    url = request.getfixturevalue("postgres_url" if request.param == "postgresql" else "sqlite_url")
    with ExitStack() as stack:

        def opened() -> SqlStore:
            engine = open_engine(StoreSettings(url=url, timeout=PATIENCE))
            store = SqlStore(engine, lambda: NOW)
            stack.callback(store.close)
            return store

        yield opened
