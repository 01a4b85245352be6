"""Who holds which connection."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.connections import (
    KeptConnections,
    PooledConnections,
    SharedConnection,
    connections_of,
)
from emca_daemon.store.database import open_engine


@pytest.fixture
def on_file(tmp_path: Path) -> Engine:
    """SQLite in a file."""
    return open_engine(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))


def test_each_kind_of_database_has_its_way(on_file: Engine) -> None:
    """A file keeps connections, memory shares one, a server has a pool."""
    assert isinstance(connections_of(on_file, 1), KeptConnections)
    assert isinstance(connections_of(open_engine(StoreSettings(url="sqlite://")), 1), SharedConnection)
    server = open_engine(StoreSettings(url="postgresql://localhost/nowhere"))
    assert isinstance(connections_of(server, 1), PooledConnections)


def test_a_thread_keeps_its_connection(on_file: Engine) -> None:
    """The same each time, and another thread's is another."""
    connections = KeptConnections(on_file)
    first = connections.take()
    connections.give_back(first)
    assert connections.take() is first
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(connections.take).result(5) is not first
    connections.close()
    assert first.closed


def test_a_broken_connection_is_not_kept(on_file: Engine) -> None:
    """The next one is new."""
    connections = KeptConnections(on_file)
    broken = connections.take()
    broken.invalidate()
    connections.give_back(broken)
    assert connections.take() is not broken
    connections.close()


def test_a_shared_connection_is_lent_to_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits too long is told to come back later; who got no connection keeps no turn."""
    shared = SharedConnection(open_engine(StoreSettings(url="sqlite://")), 0.01)
    lent = shared.take()
    with pytest.raises(Refused) as refused:
        shared.take()
    assert refused.value.reason is Reason.UNAVAILABLE
    shared.give_back(lent)
    with monkeypatch.context() as broken:
        broken.setattr(Engine, "connect", lambda _engine: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shared.take()
    shared.give_back(shared.take())
    shared.close()


def test_a_pool_lends_and_takes_back() -> None:
    """A connection given back is lent again."""
    engine = create_engine("sqlite://")
    pooled = PooledConnections(engine)
    lent = pooled.take()
    pooled.give_back(lent)
    assert lent.closed
    pooled.close()
