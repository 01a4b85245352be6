"""Opening the database: SQLite in a file or in memory, or a PostgreSQL server."""

import sqlite3
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, StaticPool

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.model import StoreSettings

_SQLITE_CACHE = 8_192
"""KiB of page cache a connection: random serials touch index pages all over the file."""

_PAUSE = timedelta(milliseconds=20)
"""Between two attempts to change how a file is kept."""

_IDLE_TRANSACTION = timedelta(seconds=60)
"""When PostgreSQL ends a transaction whose process hangs while it holds locks (a CRL is signed inside of one)."""


def open_engine(settings: StoreSettings, *, read_only: bool = False) -> Engine:
    """Prepare access to the database; nothing is opened before the first use.

    Every connection is in the driver's autocommit mode: `store.transactions` begins and ends the transactions itself.
    With `read_only` the database itself refuses changes over these connections. Raises Refused(MALFORMED) for an
    address that is neither `sqlite:///PATH` (`sqlite://` for memory) nor `postgresql://...`.
    """
    try:
        url = make_url(settings.url)
    except ArgumentError as error:
        raise Refused(Reason.MALFORMED, "store.url: not an address of a database") from error
    match url.get_backend_name():
        case "sqlite":
            return _open_sqlite(url, settings.timeout, read_only)
        case "postgresql":
            return _open_postgresql(url, settings, read_only)
        case other:
            raise Refused(Reason.MALFORMED, f"store.url: expected sqlite or postgresql, not {other}")


def is_in_memory(engine: Engine) -> bool:
    """Whether the database is a SQLite database that lives in one connection only."""
    return isinstance(engine.pool, StaticPool)


def _open_sqlite(url: URL, timeout: timedelta, read_only: bool) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory and not read_only:
        _make_private(Path(str(url.database)))
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        isolation_level="AUTOCOMMIT",
        poolclass=StaticPool if in_memory else NullPool,
        # Connections are kept by their threads; only the closing of the whole store reaches over.
        connect_args={"check_same_thread": False, "timeout": timeout.total_seconds()},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        if not in_memory:
            _log_ahead(cursor, timeout)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    return engine


def _log_ahead(cursor: DBAPICursor, timeout: timedelta) -> None:
    """Have changes written to a log first (WAL), which readers need not wait for.

    Asked first, since changing the mode needs the file for itself. Several processes may start at once, and for this
    change alone SQLite does not wait until the others are done: so it is tried again, as long as it waits elsewhere.
    """
    for last in (*[False] * int(timeout / _PAUSE), True):
        if cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",):
            return
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_PAUSE.total_seconds())
        else:
            return


def _make_private(file: Path) -> None:
    """Make a missing database readable by its owner alone: it holds keys of MACs; its log inherits what it may."""
    with suppress(OSError):  # it is there, or the connection will say what is wrong
        file.touch(mode=0o600, exist_ok=False)


class _Password:
    """Reads the password anew for every connection, so that it can be changed without a restart."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, _dialect: object, _entry: object, _arguments: object, parameters: dict[str, object]) -> None:
        try:
            parameters["password"] = self._file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            raise Refused(Reason.UNAVAILABLE, "the password file of the database cannot be read") from error


def _open_postgresql(url: URL, settings: StoreSettings, read_only: bool) -> Engine:
    milliseconds = int(settings.timeout.total_seconds() * 1000)
    options = [
        f"-c lock_timeout={milliseconds}",
        f"-c idle_in_transaction_session_timeout={int(_IDLE_TRANSACTION.total_seconds() * 1000)}",
        "-c timezone=UTC",
    ]
    if read_only:
        options.append("-c default_transaction_read_only=on")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.timeout.total_seconds(),
        # The connection used last is used next: the others may be closed by whatever stands in between.
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": max(2, int(settings.timeout.total_seconds())),
            "application_name": "emca-daemon",
            # A server that was set up in the C locale speaks SQL_ASCII, of which the driver makes no texts.
            "client_encoding": "utf8",
            "options": " ".join(options),
            "keepalives_idle": 30,
            "tcp_user_timeout": max(milliseconds, 10_000),
        },
    )
    if settings.password_file is not None:
        event.listen(engine, "do_connect", _Password(settings.password_file))
    return engine
