"""Statements past SQLAlchemy: the same answers on every database, the same types, the same transactions."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, StatementError

from emca_daemon.names import SerialNumber
from emca_daemon.store.columns import Moment, Serial
from emca_daemon.store.statements import Statement, commit, execute_plain, roll_back
from tests.support.records import NOW

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("serial", Serial),
    Column("at", Moment),
    Column("octets", LargeBinary),
    Column("good", Boolean),
    Column("text", Text),
    prefixes=["TEMPORARY"],
)
ADD = Statement(insert(things).inline())
GET = Statement(select(things).where(things.c.id == bindparam("id")))
ALL = Statement(select(things.c.id, things.c.text.label("words")).order_by(things.c.id))
RENAME = Statement(update(things).where(things.c.id > bindparam("above")).values(text=bindparam("text"), good=False))
COUNT = Statement(select(func.count(), func.coalesce(func.max(things.c.id), 7)))
WHOLE = {
    "id": 1,
    "serial": SerialNumber(2**159),
    "at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "octets": b"\0\xff",
    "good": True,
    "text": "größer",
}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to each kind of database, with a table of things."""
    with engine.connect() as connection:
        metadata.create_all(connection)
        connection.commit()
        yield connection


def test_a_row_comes_back_as_it_was_given(connection: Connection) -> None:
    """Every type of column, by name and in the order of the columns; NULL is None."""
    assert ADD.run(connection, WHOLE) == 1
    row = GET.one(connection, {"id": 1})
    assert {name: getattr(row, name) for name in WHOLE} == WHOLE
    assert tuple(row) == tuple(WHOLE.values())
    assert row[1] == WHOLE["serial"]
    assert type(row.good) is bool
    ADD.run(connection, {"id": 2})
    assert tuple(GET.one(connection, {"id": 2})) == (2, None, None, None, None, None)


def test_rows_are_asked_for_in_three_ways(connection: Connection) -> None:
    """All, the first, the only one."""
    assert ALL.all(connection, {}) == []
    assert ALL.first(connection, {}) is None
    with pytest.raises(ValueError, match="unpack"):
        ALL.one(connection, {})
    ADD.run_each(connection, [{"id": number, "text": f"n{number}"} for number in (3, 1, 2)])
    assert [(row.id, row.words) for row in ALL.all(connection, {})] == [(1, "n1"), (2, "n2"), (3, "n3")]
    first = ALL.first(connection, {})
    assert first is not None
    assert first.words == "n1"
    with pytest.raises(ValueError, match="unpack"):
        ALL.one(connection, {})


def test_changes_say_how_many_rows_they_were_about(connection: Connection) -> None:
    """Values written into the statement are bound as those that are given are."""
    ADD.run_each(connection, [])
    ADD.run_each(connection, [{"id": number, "good": True} for number in range(5)])
    assert RENAME.run(connection, {"above": 2, "text": "late"}) == 2
    assert RENAME.run(connection, {"above": 9, "text": "none"}) == 0
    assert [row.words for row in ALL.all(connection, {})] == [None, None, None, "late", "late"]
    assert GET.one(connection, {"id": 4}).good is False
    assert Statement(delete(things)).run(connection, {}) == 5
    assert tuple(COUNT.one(connection, {})) == (0, 7)


def test_a_missing_value_and_a_wrong_one_are_bugs(connection: Connection) -> None:
    """Nothing is bound as NULL for want of a value, and a naive time is no moment."""
    with pytest.raises((KeyError, StatementError)):
        GET.all(connection, {})
    roll_back(connection)
    with pytest.raises((TypeError, StatementError)):
        ADD.run(connection, {"id": 1, "at": NOW.replace(tzinfo=None)})


@pytest.mark.parametrize("also_sqlalchemy", [False, True])
def test_transactions_are_seen_by_both_sides(connection: Connection, *, also_sqlalchemy: bool) -> None:
    """What is rolled back is gone, what is committed stays, whether or not SQLAlchemy ran a part of it."""
    for number, (end, left) in enumerate(((roll_back, 0), (commit, 1), (roll_back, 1))):
        execute_plain(connection, "BEGIN")
        ADD.run(connection, {"id": number})
        if also_sqlalchemy:
            connection.execute(select(things.c.id)).all()
        end(connection)
        assert COUNT.one(connection, {})[0] == left
        commit(connection)


def test_a_constraint_is_kept(connection: Connection) -> None:
    """With the driver's error or SQLAlchemy's."""
    ADD.run(connection, {"id": 1})
    with pytest.raises(Exception, match=r"UNIQUE|unique") as caught:
        ADD.run(connection, {"id": 1})
    assert isinstance(caught.value, IntegrityError) or type(caught.value).__name__ == "IntegrityError"
