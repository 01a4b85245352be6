"""INSERT with an answer for a row that is there already, which SQL leaves to each database."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from emca_daemon.store.statements import Statement, Values

New = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
"""The columns of the row that was to be inserted."""


class InsertNew:
    """Inserts a row unless it collides with another.

    No exception is made of the collision: on PostgreSQL that would end the whole transaction.
    """

    def __init__(self, table: Table) -> None:
        self._statements = {
            "sqlite": _plain(sqlite.insert(table).on_conflict_do_nothing()),
            "postgresql": _plain(postgresql.insert(table).on_conflict_do_nothing()),
        }

    def run(self, connection: Connection, values: Values) -> bool:
        """Whether the row was inserted."""
        return self._statements[connection.dialect.name].run(connection, values) == 1


class InsertOrChange:
    """Inserts a row, or changes the one that has the same primary key.

    `changes` gives, for the row that was to be inserted, the new values of columns (by name); `only_where` the
    condition under which the change takes place.
    """

    def __init__(
        self,
        table: Table,
        changes: Callable[[New], Mapping[str, object]],
        only_where: Callable[[New], ColumnElement[bool]] | None = None,
    ) -> None:
        key = [column.name for column in table.primary_key]
        for_sqlite, for_postgresql = sqlite.insert(table), postgresql.insert(table)
        self._statements = {
            "sqlite": _plain(
                for_sqlite.on_conflict_do_update(
                    index_elements=key,
                    set_=changes(for_sqlite.excluded),
                    where=only_where(for_sqlite.excluded) if only_where else None,
                )
            ),
            "postgresql": _plain(
                for_postgresql.on_conflict_do_update(
                    index_elements=key,
                    set_=changes(for_postgresql.excluded),
                    where=only_where(for_postgresql.excluded) if only_where else None,
                )
            ),
        }

    def run(self, connection: Connection, values: Values) -> bool:
        """Whether the row was inserted or changed."""
        return self._statements[connection.dialect.name].run(connection, values) == 1


def _plain(statement: Insert) -> Statement:
    # Inline: no RETURNING of keys that we chose ourselves, which would also hide the number of rows.
    return Statement(statement.inline())
