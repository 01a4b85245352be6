"""Statements that are run often, past what SQLAlchemy does anew at every run.

A statement is written in SQLAlchemy's Core and compiled by it, types included; the compiled text then goes to the
driver as it is (docs/decisions/0006). What the driver complains of, SQLAlchemy is told as if it had run the statement.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Dialect, Select, UpdateBase
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Expression = Select[*tuple[Any, ...]] | UpdateBase
"""A question or a change."""

Values = Mapping[str, object]
"""What is bound, by name; of an INSERT or UPDATE also which columns it is about."""


class _Cursor(Protocol):
    """What both drivers have for the answer to a statement."""

    rowcount: int

    def __iter__(self) -> Iterator[Sequence[object]]: ...

    def executemany(self, text: str, parameters: Sequence[Any]) -> object: ...


class _Driver(Protocol):
    """A connection as both drivers have it."""

    def execute(self, text: str, parameters: Any = ..., /) -> _Cursor: ...

    def cursor(self) -> _Cursor: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...


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
    """A statement in a database's words: its text, what is bound where, and what becomes of the columns of a row."""

    text: str
    named: bool
    bound: tuple[tuple[str, _Convert | None], ...]
    given: Values
    row: Callable[[Sequence[object]], Row]
    columns: tuple[tuple[int, _Convert], ...]

    def parameters(self, values: Values) -> list[object] | dict[str, object]:
        """The values by name or in the order of their places; raises KeyError for a missing one."""
        given = {**self.given, **values}
        if self.named:
            return {name: given[name] if convert is None else convert(given[name]) for name, convert in self.bound}
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
        self._expression = expression
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def all(self, connection: Connection, values: Values) -> Sequence[Row]:
        """Every row of the answer."""
        compiled = self._for(connection.dialect, values)
        return [compiled.read(line) for line in _execute(connection, compiled.text, compiled.parameters(values))]

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
        compiled = self._for(connection.dialect, values)
        return _execute(connection, compiled.text, compiled.parameters(values)).rowcount

    def run_each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Change rows, with every one of these values; all of them have the same names. Without any nothing is done."""
        if not rows:
            return
        compiled = self._for(connection.dialect, rows[0])
        try:
            _driver(connection).cursor().executemany(compiled.text, [compiled.parameters(values) for values in rows])
        except _errors(connection) as error:
            raise _told(connection, compiled.text, error) from error

    def _for(self, dialect: Dialect, values: Values) -> _Compiled:
        key = (dialect.name, *values)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = _compile(self._expression, dialect, tuple(values))
        return compiled


def execute_plain(connection: Connection, text: str) -> None:
    """Run a statement without values or rows that begins a transaction, ends it, or says how it is to be kept."""
    _execute(connection, text)


def commit(connection: Connection) -> None:
    """End a transaction for good; SQLAlchemy does not know of one in which all went to the driver."""
    if connection.in_transaction():
        connection.commit()
        return
    try:
        _driver(connection).commit()
    except _errors(connection) as error:
        raise _told(connection, "COMMIT", error) from error


def roll_back(connection: Connection) -> None:
    """End a transaction as if it had not been."""
    if connection.in_transaction():
        connection.rollback()
    elif not connection.invalidated:
        try:
            _driver(connection).rollback()
        except _errors(connection) as error:
            raise _told(connection, "ROLLBACK", error) from error


def _execute(connection: Connection, text: str, *parameters: object) -> _Cursor:
    try:
        return _driver(connection).execute(text, *parameters)
    except _errors(connection) as error:
        raise _told(connection, text, error) from error


def _driver(connection: Connection) -> _Driver:
    return cast(_Driver, connection.connection.driver_connection)


def _errors(connection: Connection) -> type[Exception]:
    """What the driver raises."""
    return cast(type[Exception], connection.dialect.loaded_dbapi.Error)


def _told(connection: Connection, text: str, error: Exception) -> BaseException:
    """The driver's complaint as SQLAlchemy's.

    A connection that was lost is thrown away, together with the idle ones: they were made before it broke.
    """
    dialect, driver = connection.dialect, cast(DBAPIConnection, _driver(connection))
    lost = dialect.is_disconnect(cast("Any", error), driver, None)
    if lost:
        connection.invalidate(error)
        connection.engine.dispose()
    told = DBAPIError.instance(
        text, None, error, _errors(connection), hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
    return cast(BaseException, told)


def _compile(expression: Expression, dialect: Dialect, names: tuple[str, ...]) -> _Compiled:
    compiled = expression.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    binds = {name: parameter for parameter, name in compiled.bind_names.items()}
    chosen = list(expression.selected_columns) if isinstance(expression, Select) else []
    names_of_columns = [str(getattr(column, "name", "_")) for column in chosen]
    made = namedtuple("Row", names_of_columns, rename=True)  # type: ignore[misc] # a type is made while we run
    readers = [(place, _reader(column.type, dialect)) for place, column in enumerate(chosen)]
    return _Compiled(
        text=str(compiled),
        named=not compiled.positional,
        bound=tuple((name, _binder(binds[name].type, dialect)) for name in compiled.positiontup or binds),
        given={name: value for name, value in compiled.params.items() if not binds[name].required},
        row=cast(Callable[[Sequence[object]], Row], made._make),
        columns=tuple((place, reader) for place, reader in readers if reader is not None),
    )


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
