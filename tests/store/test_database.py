"""Opening databases."""

import sqlite3
import stat
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import is_in_memory, open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlReadingStore, SqlStore
from tests.contracts.sharing_contract import draw_number
from tests.support.postgres import PostgresServer
from tests.support.records import ISSUER


def asked(engine: Engine, question: str) -> object:
    """The one value that a statement gives."""
    with engine.connect() as connection:
        return connection.execute(text(question)).scalar_one()


def test_sqlite_is_durable_and_shared(tmp_path: Path) -> None:
    """Write-ahead log, a sync a commit, foreign keys, patience for locks."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    assert {name: asked(engine, f"PRAGMA {name}") for name in wanted} == wanted
    assert not is_in_memory(engine)


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    """Its log too, whatever the folder and the umask allow; one that is there keeps its mode."""
    file = tmp_path / "store.db"
    with open_engine(StoreSettings(url=f"sqlite:///{file}")).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n)")
        assert {
            one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir() if one.name != "store.db-shm"
        } == {
            "store.db": 0o600,
            "store.db-wal": 0o600,
        }
    file.chmod(0o640)
    asked(open_engine(StoreSettings(url=f"sqlite:///{file}")), "SELECT count(*) FROM t")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory_is_one_database_for_all(url: str) -> None:
    """However it is written."""
    engine = open_engine(StoreSettings(url=url))
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n)")
    assert asked(engine, "SELECT count(*) FROM t") == 0
    assert is_in_memory(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["", "not an address", "mysql://host/name", "sqlite"])
def test_other_addresses_are_refused(url: str) -> None:
    """By the name of the setting."""
    with pytest.raises(Refused, match=r"store\.url") as refused:
        open_engine(StoreSettings(url=url))
    assert refused.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "engine", ["sqlite-file", pytest.param("postgresql", marks=pytest.mark.database)], indirect=True
)
def test_a_read_only_database_changes_nothing(engine: Engine) -> None:
    """It can be asked; a change is refused by the database itself."""
    url = engine.url.render_as_string(hide_password=False)
    engine = open_engine(StoreSettings(url=url), read_only=True)
    store = SqlStore(engine)
    with store.reading() as tx:
        assert tx.crls.changes(ISSUER) == 0
    with engine.connect() as connection, pytest.raises(Exception, match=r"read-?only"):
        connection.exec_driver_sql("DELETE FROM leases")
    store.close()


@pytest.mark.parametrize("patient", [True, False])
def test_a_new_file_that_another_process_works_on_is_waited_for(tmp_path: Path, patient: bool) -> None:
    """As long as for any lock, then it is unavailable."""
    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE t (n)")
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2 if patient else 60, other.rollback)
        release.start()
        settings = StoreSettings(url=f"sqlite:///{file}", timeout=timedelta(seconds=20 if patient else 0.1))
        store = SqlReadingStore(open_engine(settings))
        with nullcontext() if patient else pytest.raises(Refused) as refused, store.reading():
            release.cancel()
        assert refused is None or refused.value.reason is Reason.UNAVAILABLE
        release.cancel()
        store.close()
    assert asked(open_engine(settings), "PRAGMA journal_mode") == "wal"


def open_for_the_first_time(url: str) -> object:
    """What a process does when it starts."""
    return asked(open_engine(StoreSettings(url=url)), "PRAGMA journal_mode")


@pytest.mark.slow
def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """One of them makes it a shared one, the others find it so."""
    with ProcessPoolExecutor(4) as pool:
        modes = list(pool.map(open_for_the_first_time, [f"sqlite:///{tmp_path / 'store.db'}"] * 8))
    assert set(modes) == {"wal"}


@pytest.mark.database
def test_the_password_is_read_for_every_connection(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    """It is in no address; a change of it needs no restart; without its file the database is unavailable."""
    postgres_server.execute("CREATE ROLE secretive LOGIN SUPERUSER PASSWORD 'first'")
    file = tmp_path / "password"
    settings = StoreSettings(url=postgres_url.replace("emca@", "secretive@"), password_file=file)
    engine = open_engine(settings)
    store = SqlStore(engine)
    with pytest.raises(Refused) as missing:
        draw_number(store)
    file.write_text("wrong\n")
    with pytest.raises(Refused) as wrong:
        draw_number(store)
    file.write_text("first\n")
    assert draw_number(store) == 1
    store.close()
    postgres_server.execute("ALTER ROLE secretive PASSWORD 'second'")
    file.write_text("second\n")
    assert draw_number(store) == 2
    store.close()
    assert {missing.value.reason, wrong.value.reason} == {Reason.UNAVAILABLE}
    assert "second" not in repr(engine)
    postgres_server.execute("DROP ROLE secretive")


@pytest.mark.database
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_databases_of_other_encodings_are_served(postgres_server: PostgresServer, encoding: str) -> None:
    """As `initdb` makes them in the C locale; texts come back as they were."""
    name = f"made_in_{encoding.lower()}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'")
    url = postgres_server.database(empty=True).rpartition("/")[0] + f"/{name}"
    engine = open_engine(StoreSettings(url=url))
    migrate(engine)
    assert asked(engine, "SELECT 'Zoë'") == "Zoë"
    engine.dispose()
    postgres_server.drop(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """Nothing listens on port 1."""
    store = SqlReadingStore(open_engine(StoreSettings(url="postgresql://emca@127.0.0.1:1/emca")))
    with pytest.raises(Refused) as refused, store.reading():
        pass
    assert refused.value.reason is Reason.UNAVAILABLE
    store.close()
