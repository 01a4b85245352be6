"""The steps of the schema, run as Alembic runs them."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex

import emca_daemon.store.transactions  # noqa: F401 - brings every table with it
from emca_daemon.store.schema import metadata


def test_migrations_lead_to_the_tables_of_the_code(engine: Engine) -> None:
    """Alembic finds no difference on any database."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("engine", ["sqlite-memory"], indirect=True)
def test_partial_indexes_keep_their_condition(engine: Engine) -> None:
    """Which the comparison does not look at."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        made = {row.sql for row in rows}
    indexes = [index for table in metadata.sorted_tables for index in table.indexes]
    assert {str(CreateIndex(index).compile(dialect=sqlite.dialect())) for index in indexes} == made
