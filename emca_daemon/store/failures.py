"""What a failing database means: passing trouble becomes a refusal, everything else stays a bug."""

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from emca_daemon.errors import Reason, Refused

_RETRY_AFTER = 2
"""Seconds: longer than a lock is held, shorter than a client's patience."""

_SQLITE_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary result codes of a lock that was not given in time and of a disk in trouble."""

_POSTGRESQL_READ_ONLY = "25006"
"""read_only_sql_transaction: the server became a standby; another one is or will be the primary."""


DATABASE_FAILURES = (SQLAlchemyError, UnicodeEncodeError)
"""What the store's statements raise."""


def refusal_of(error: SQLAlchemyError | UnicodeEncodeError) -> Refused | None:
    """The refusal that stands for a failure; None for a bug.

    UNAVAILABLE where trying again may help (locks, lost connections, full disks), MALFORMED for a value that the
    database cannot hold: a text with a lone surrogate (which JSON can carry), on PostgreSQL one with a NUL.
    """
    if isinstance(error, UnicodeEncodeError):
        return Refused(Reason.MALFORMED, "a text has characters that are none")
    if isinstance(error, PoolExhausted):
        return _unavailable("all connections to the database are in use")
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # Extended result codes keep the primary code in the low octet. A connection that never opened has none, and
        # neither have the driver's own complaints about its caller, which are bugs.
        unopened = sqlite3.SQLITE_CANTOPEN if isinstance(cause, sqlite3.OperationalError) else 0
        passing = (getattr(cause, "sqlite_errorcode", unopened) & 0xFF) in _SQLITE_PASSING
        return _unavailable(f"the database cannot be used: {cause}") if passing else None
    if error.connection_invalidated or isinstance(error, OperationalError):
        return _unavailable("the database cannot be reached or is too busy")
    if isinstance(error, DataError):
        return Refused(Reason.MALFORMED, "the database cannot hold one of the values")
    if getattr(cause, "sqlstate", None) == _POSTGRESQL_READ_ONLY:
        return _unavailable("the database is read-only at the moment")
    return None


def _unavailable(detail: str) -> Refused:
    return Refused(Reason.UNAVAILABLE, detail, retry_after=_RETRY_AFTER)
