"""Statements that are run often, past what SQLAlchemy does anew at every run.

A statement is written in SQLAlchemy's Core and compiled by it, types included. On SQLite, where a statement itself
takes a few microseconds and SQLAlchemy's run of it twenty more, the compiled text then goes to the driver as it is.
PostgreSQL keeps SQLAlchemy's way: a round trip costs more than that, and lost connections are noticed there.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Dialect, Select, UpdateBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Expression = Select[*tuple[Any, ...]] | UpdateBase
"""A question or a change."""

Values = Mapping[str, object]
"""What is bound, by name; of an INSERT or UPDATE also which columns it is about."""


class Row(Protocol):
    """A row of an answer: its columns by name, or in their order."""

    def __getattr__(self, name: str, /) -> Any:
        """A column by its name or label."""

    def __getitem__(self, index: int, /) -> Any:
        """A column by its place."""

    def __iter__(self) -> Iterator[Any]:
        """The columns in their order."""


_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in SQLite's words: its text, what is bound where, and what becomes of the columns of a row."""

    text: str
    bound: tuple[tuple[str, _Convert | None], ...]
    given: Values
    row: Callable[[Sequence[object]], Row]
    columns: tuple[tuple[int, _Convert], ...]

    def parameters(self, values: Values) -> list[object]:
        """The values in the order of their places; raises KeyError for a missing one."""
        given = {**self.given, **values}
        return [given[name] if convert is None else convert(given[name]) for name, convert in self.bound]

    def read(self, line: Sequence[object]) -> Row:
        """A row as the driver has it, made into ours."""
        if not self.columns:
            return self.row(line)
        read = list(line)
        for place, convert in self.columns:
            read[place] = convert(read[place])
        return self.row(read)


class Statement:
    """One statement; it may be used from any thread."""

    def __init__(self, expression: Expression) -> None:
        """`expression` has no expanding IN: its text is the same whatever is bound."""
        counting = isinstance(expression, UpdateBase)
        # SQLAlchemy would forget how many rows some INSERTs made.
        self._expression = expression.execution_options(preserve_rowcount=True) if counting else expression
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def all(self, connection: Connection, values: Values) -> Sequence[Row]:
        """Every row of the answer."""
        driver = _sqlite(connection)
        if driver is None:
            return cast(Sequence[Row], connection.execute(self._expression, values).all())
        compiled = self._for_sqlite(connection.dialect, values)
        return [compiled.read(line) for line in driver.execute(compiled.text, compiled.parameters(values))]

    def first(self, connection: Connection, values: Values) -> Row | None:
        """The first row of the answer, if there is any."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def one(self, connection: Connection, values: Values) -> Row:
        """The one row of an answer that always has one."""
        (row,) = self.all(connection, values)
        return row

    def run(self, connection: Connection, values: Values) -> int:
        """Change rows; how many were."""
        driver = _sqlite(connection)
        if driver is None:
            return connection.execute(self._expression, values).rowcount
        compiled = self._for_sqlite(connection.dialect, values)
        return driver.execute(compiled.text, compiled.parameters(values)).rowcount

    def run_each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Change rows, with every one of these values; all of them have the same names."""
        driver = _sqlite(connection)
        if driver is None:
            connection.execute(self._expression, rows)
            return
        compiled = self._for_sqlite(connection.dialect, rows[0])
        driver.executemany(compiled.text, [compiled.parameters(values) for values in rows])

    def _for_sqlite(self, dialect: Dialect, values: Values) -> _Compiled:
        names = tuple(values)
        compiled = self._compiled.get(names)
        if compiled is None:
            compiled = self._compiled[names] = _compile(self._expression, dialect, names)
        return compiled


def execute_plain(connection: Connection, text: str) -> None:
    """Run a statement without values or rows that begins a transaction, ends it, or says how it is to be kept."""
    driver = _sqlite(connection)
    if driver is None:
        connection.exec_driver_sql(text)
    else:
        driver.execute(text)


def commit(connection: Connection) -> None:
    """End a transaction for good; SQLAlchemy does not know of one in which all went to the driver."""
    driver = None if connection.in_transaction() else _sqlite(connection)
    (connection if driver is None else driver).commit()


def roll_back(connection: Connection) -> None:
    """End a transaction as if it had not been."""
    driver = None if connection.in_transaction() else _sqlite(connection)
    (connection if driver is None else driver).rollback()


def _sqlite(connection: Connection) -> sqlite3.Connection | None:
    """The driver's own connection, where that is SQLite's."""
    if connection.dialect.name != "sqlite":
        return None
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _compile(expression: Expression, dialect: Dialect, names: tuple[str, ...]) -> _Compiled:
    compiled = expression.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    chosen = list(expression.selected_columns) if isinstance(expression, Select) else []
    names_of_columns = [str(getattr(column, "name", "_")) for column in chosen]
    made = namedtuple("Row", names_of_columns, rename=True)  # type: ignore[misc] # a type is made while we run
    readers = [(place, _reader(column.type, dialect)) for place, column in enumerate(chosen)]
    return _Compiled(
        text=str(compiled),
        bound=tuple((name, _binder(compiled.binds[name].type, dialect)) for name in compiled.positiontup or ()),
        given={name: value for name, value in compiled.params.items() if not compiled.binds[name].required},
        row=cast(Callable[[Sequence[object]], Row], made._make),
        columns=tuple((place, reader) for place, reader in readers if reader is not None),
    )


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
