"""Failures of the database: which pass, and which are bugs."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from emca_daemon.errors import Reason
from emca_daemon.store.failures import refusal_of


def failure(cause: BaseException, *, lost: bool = False) -> DBAPIError:
    """A driver's error as SQLAlchemy wraps it: in its own class of the same name, as for any driver."""
    wrapped = DBAPIError.instance("statement", None, cause, psycopg.Error, connection_invalidated=lost)
    return wrapped if isinstance(wrapped, DBAPIError) else DBAPIError("statement", None, cause)


def sqlite_failure(code: int) -> DBAPIError:
    """SQLite's error with that extended result code."""
    cause = sqlite3.OperationalError("trouble")
    cause.sqlite_errorcode = code
    return failure(cause)


@pytest.mark.parametrize(
    "error",
    [
        PoolExhausted("pool"),
        sqlite_failure(sqlite3.SQLITE_BUSY),
        sqlite_failure(sqlite3.SQLITE_BUSY_SNAPSHOT),
        sqlite_failure(sqlite3.SQLITE_IOERR_FSYNC),
        sqlite_failure(sqlite3.SQLITE_FULL),
        failure(sqlite3.OperationalError("never opened")),
        failure(psycopg.OperationalError("gone")),
        failure(psycopg.errors.LockNotAvailable("locked")),
        failure(psycopg.errors.DeadlockDetected("deadlock")),
        failure(psycopg.errors.AdminShutdown("shutdown")),
        failure(psycopg.errors.ReadOnlySqlTransaction("standby")),
        failure(psycopg.InterfaceError("closed"), lost=True),
    ],
    ids=lambda error: repr(getattr(error, "orig", error)),
)
def test_passing_trouble_is_unavailable(error: SQLAlchemyError) -> None:
    """With a time to come back after."""
    refusal = refusal_of(error)
    assert refusal is not None
    assert refusal.reason is Reason.UNAVAILABLE
    assert refusal.retry_after


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequestError("misuse"),
        sqlite_failure(sqlite3.SQLITE_ERROR),
        sqlite_failure(sqlite3.SQLITE_CORRUPT),
        failure(psycopg.errors.UndefinedTable("no table")),
        failure(psycopg.errors.UniqueViolation("twice")),
        failure(ValueError("not of a driver")),
    ],
    ids=lambda error: repr(getattr(error, "orig", error)),
)
def test_everything_else_is_a_bug(error: SQLAlchemyError) -> None:
    """It is no refusal."""
    assert refusal_of(error) is None


def test_values_that_cannot_be_kept_are_malformed() -> None:
    """PostgreSQL has no NUL in texts."""
    refusal = refusal_of(failure(psycopg.DataError("NUL")))
    assert refusal is not None
    assert refusal.reason is Reason.MALFORMED
