"""Units of work, and the contract of sharing on SQLite and PostgreSQL."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from emca_daemon.ca.ports import Reading, ReadingStore, Store, Writing
from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlReading, SqlReadingStore, SqlStore, SqlTransaction
from tests.contracts.sharing_contract import SharingContract, draw_number
from tests.support.postgres import PostgresServer
from tests.support.records import ISSUER, event, fail_after, issuer, waiting

STORE: Callable[[Engine], Store] = SqlStore
READING_STORE: Callable[[Engine], ReadingStore] = SqlReadingStore


class TestSharing(SharingContract):
    """On SQLite in a file, and on PostgreSQL."""


def test_transactions_fulfil_the_ports(store: SqlStore) -> None:
    """As mypy sees it; and a reading has no way to change anything."""
    with store.writing() as writing:
        fulfils: Writing = writing
        assert isinstance(fulfils, SqlTransaction)
    with store.reading() as reading:
        fulfils_less: Reading = reading
        assert type(fulfils_less) is SqlReading
        assert not hasattr(reading, "leases")
        assert not hasattr(reading.certificates, "revoke")


def test_nothing_stays_of_a_failed_transaction(store: SqlStore) -> None:
    """Whatever it changed; the next one works."""

    def work(tx: Writing) -> None:
        tx.issuers.add(issuer())
        tx.crls.next_number(ISSUER)
        tx.audit.append(event())

    fail_after(store, work)
    with store.reading() as tx:
        assert (tx.issuers.all(), tx.audit.head()[0]) == ([], 0)
    assert draw_number(store) == 1


def test_a_reading_inside_of_a_transaction_joins_it(store: SqlStore) -> None:
    """It sees what was changed so far, and its end ends nothing."""
    with store.writing() as writing:
        writing.issuers.add(issuer())
        with store.reading() as reading, store.reading() as third:
            assert len(reading.issuers.all()) == len(third.issuers.all()) == 1
        writing.audit.append(event())
    with store.reading() as tx:
        assert tx.audit.head()[0] == 1


def test_a_writing_inside_of_a_transaction_is_a_bug(store: SqlStore) -> None:
    """It would wait for itself."""
    with store.reading(), pytest.raises(RuntimeError, match="transaction open"), store.writing():
        pass
    assert draw_number(store) == 1


def test_a_text_that_is_none_is_malformed(store: SqlStore) -> None:
    """Lone surrogates cannot be asked for, nor kept; the store goes on."""
    with pytest.raises(Refused) as asked, store.reading() as tx:
        tx.pending.find("acme", "\ud800")
    with pytest.raises(Refused) as told, store.writing() as tx:
        tx.pending.add(waiting("\udfff"))
    assert asked.value.reason is told.value.reason is Reason.MALFORMED
    assert draw_number(store) == 1


def test_threads_use_one_store(store: SqlStore) -> None:
    """Each at its own pace, more of them than connections."""

    def work(number: int) -> int:
        return draw_number(store)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(24))) == list(range(1, 25))


def test_a_bug_in_sql_stays_a_bug(tmp_path: Path) -> None:
    """A database without tables is no passing trouble."""
    store = SqlStore(open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'empty.db'}")))
    with pytest.raises(Exception, match="no such table"):
        draw_number(store)
    store.close()


def test_a_missing_folder_is_unavailable(tmp_path: Path) -> None:
    """The file system may come back."""
    store = SqlStore(open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'missing' / 'store.db'}")))
    with pytest.raises(Refused) as refused:
        draw_number(store)
    assert refused.value.reason is Reason.UNAVAILABLE
    (tmp_path / "missing").mkdir()
    store.close()


def test_a_memory_database_makes_threads_take_turns() -> None:
    """Who waits too long is told to come back later."""
    engine = open_engine(StoreSettings(url="sqlite://"))
    migrate(engine)
    store = SqlStore(engine, timeout=0.05)
    with store.writing(), ThreadPoolExecutor(1) as pool:
        failure = pool.submit(draw_number, store).exception(10)
    assert isinstance(failure, Refused)
    assert failure.reason is Reason.UNAVAILABLE
    assert draw_number(store) == 1
    store.close()


def test_a_closed_store_opens_again_when_used(tmp_path: Path) -> None:
    """Threads that kept a connection open a new one."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))
    migrate(engine)
    store = SqlStore(engine)
    assert draw_number(store) == 1
    store.close()
    assert draw_number(store) == 2
    store.close()


def test_a_thread_s_connection_goes_with_it(tmp_path: Path) -> None:
    """Nothing piles up when threads come and go."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))
    migrate(engine)
    store = SqlStore(engine)
    for _ in range(3):
        thread = threading.Thread(target=draw_number, args=(store,))
        thread.start()
        thread.join()
    assert draw_number(store) == 4
    store.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    connection.close()


def test_a_connection_that_cannot_even_roll_back_is_thrown_away(tmp_path: Path) -> None:
    """What went wrong first is what is told."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))
    migrate(engine)
    store = SqlStore(engine)

    def broken() -> None:
        with store.writing() as tx:
            tx.crls.next_number(ISSUER)
            tx._connection.connection.driver_connection.close()  # type: ignore[union-attr]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert draw_number(store) == 1
    store.close()


@pytest.mark.database
def test_a_restarted_server_is_found_again(postgres_url: str, postgres_server: PostgresServer) -> None:
    """A writing notices and goes on; a reading fails once as unavailable, and then works."""
    store = SqlStore(open_engine(StoreSettings(url=postgres_url)))
    assert draw_number(store) == 1
    postgres_server.pause()
    with pytest.raises(Refused) as refused:
        draw_number(store)
    assert refused.value.reason is Reason.UNAVAILABLE
    postgres_server.resume()
    assert draw_number(store) == 2
    for restarted in (True, False):
        if restarted:
            postgres_server.pause()
            postgres_server.resume()
            with pytest.raises(Refused) as refused, store.reading() as tx:
                tx.crls.changes(ISSUER)
            assert refused.value.reason is Reason.UNAVAILABLE
        with store.reading() as tx:
            assert tx.crls.changes(ISSUER) == 0
    postgres_server.pause()
    postgres_server.resume()
    assert draw_number(store) == 3
    store.close()


@pytest.mark.database
def test_a_connection_lost_in_the_middle_leaves_nothing(postgres_url: str, postgres_server: PostgresServer) -> None:
    """The transaction is refused as unavailable and rolled back by the server."""
    store = SqlStore(open_engine(StoreSettings(url=postgres_url)))

    def broken() -> None:
        with store.writing() as tx:
            tx.crls.next_number(ISSUER)
            postgres_server.pause()
            postgres_server.resume()

    with pytest.raises(Refused) as refused:
        broken()
    assert refused.value.reason is Reason.UNAVAILABLE
    assert draw_number(store) == 1
    store.close()


@pytest.mark.database
def test_an_exhausted_pool_is_unavailable(postgres_url: str) -> None:
    """Who gets no connection in time is told to come back later."""
    settings = StoreSettings(url=postgres_url, pool_size=1, timeout=timedelta(seconds=0.2))
    store = SqlStore(open_engine(settings))
    with store.writing(), ThreadPoolExecutor(1) as pool:
        failure = pool.submit(draw_number, store).exception(10)
    assert isinstance(failure, Refused)
    assert failure.reason is Reason.UNAVAILABLE
    store.close()


def test_a_commit_that_need_not_last_counts_like_any_other(store: SqlStore) -> None:
    """Seen at once, in any order with durable ones."""
    for durable in (False, True, False, True):
        with store.writing(durable=durable) as tx:
            tx.audit.append(event())
    fail_after(store, lambda tx: tx.audit.append(event()))
    with store.reading() as reading:
        assert reading.audit.head()[0] == 4


def test_durability_is_set_for_each_transaction(tmp_path: Path) -> None:
    """SQLite keeps the level with the connection, so each writing says what it wants; readings leave it alone."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))
    migrate(engine)
    store = SqlStore(engine)
    seen = []
    for durable in (True, False, False, True):
        with store.writing(durable=durable) as tx:
            seen.append(tx._connection.exec_driver_sql("PRAGMA synchronous").scalar())
    store.close()
    assert seen == [2, 1, 1, 2]
