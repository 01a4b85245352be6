"""Who holds which connection: one kept by each thread, one for all, or a small pool."""

import threading
from typing import Protocol
from weakref import WeakSet

from sqlalchemy import Connection, Engine

from emca_daemon.errors import Reason, Refused
from emca_daemon.store.database import is_in_memory


class Connections(Protocol):
    """Lends connections, one at a time to a thread."""

    def take(self) -> Connection:
        """A connection outside of any transaction, for this thread alone; raises Refused(UNAVAILABLE) or SQL errors."""

    def give_back(self, connection: Connection) -> None:
        """Return it, outside of any transaction."""

    def close(self) -> None:
        """Close every connection."""


def connections_of(engine: Engine, timeout: float) -> Connections:
    """The way of lending that fits the database; `timeout` in seconds."""
    if engine.dialect.name != "sqlite":
        return PooledConnections(engine)
    return SharedConnection(engine, timeout) if is_in_memory(engine) else KeptConnections(engine)


class PooledConnections:
    """Connections to a server: few, since each costs the server a process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self) -> Connection:
        """Take one from the pool, or wait for it."""
        return self._engine.connect()

    def give_back(self, connection: Connection) -> None:
        """Put it back into the pool."""
        connection.close()

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()


class KeptConnections:
    """Connections to a SQLite file: each thread keeps its own as long as it lives (a pool costs 15 µs a use)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._here = threading.local()
        self._all: WeakSet[Connection] = WeakSet()
        self._lock = threading.Lock()

    def take(self) -> Connection:
        """The thread's connection."""
        connection: Connection | None = getattr(self._here, "connection", None)
        if connection is None or connection.closed:
            connection = self._engine.connect()
            self._here.connection = connection
            with self._lock:
                self._all.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keep it for the next time, unless it broke."""
        if connection.invalidated:
            connection.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in tuple(self._all):
                connection.close()
            self._all.clear()
        self._engine.dispose()


class SharedConnection:
    """The one connection in which a SQLite database in memory lives; threads take turns."""

    def __init__(self, engine: Engine, timeout: float) -> None:
        self._engine = engine
        self._timeout = timeout
        self._turn = threading.Lock()

    def take(self) -> Connection:
        """Wait for a turn."""
        if not self._turn.acquire(timeout=self._timeout):
            raise Refused(Reason.UNAVAILABLE, "the database is locked", retry_after=2)
        try:
            return self._engine.connect()
        except BaseException:
            self._turn.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """End the turn."""
        connection.close()
        self._turn.release()

    def close(self) -> None:
        """Close the connection; the database is gone."""
        self._engine.dispose()
