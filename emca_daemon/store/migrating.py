"""Bringing the schema of a database up to date."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from emca_daemon.store.failures import refusal_of

_ADVISORY_LOCK = 7_310_027_443_290_112
"""Any number that nobody else locks in this database."""


def migrate(engine: Engine) -> list[str]:
    """Apply every pending step in one transaction, and return their revisions in order (none: nothing to do).

    Several processes may do this at once: one works, the others wait and find nothing left. Raises
    Refused(UNAVAILABLE), also when the wait is too long.
    """
    try:
        with engine.connect() as connection, connection.begin():
            _begin_alone(connection)
            pending = _pending(connection)
            if pending:
                command.upgrade(_config(connection), "head")
            return pending
    except SQLAlchemyError as error:
        raise refusal_of(error) or error from error


def pending_migrations(engine: Engine) -> list[str]:
    """The revisions that `migrate` would apply, in order; raises Refused(UNAVAILABLE)."""
    try:
        with engine.connect() as connection:
            return _pending(connection)
    except SQLAlchemyError as error:
        raise refusal_of(error) or error from error


def _begin_alone(connection: Connection) -> None:
    # Both databases change schemas inside of transactions: a step that fails leaves nothing behind.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("emca_daemon.store") / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _pending(connection: Connection) -> list[str]:
    script = ScriptDirectory.from_config(_config(connection))
    applied = MigrationContext.configure(connection).get_current_heads()
    steps = script.iterate_revisions("heads", applied or "base")
    return [step.revision for step in steps][::-1]
