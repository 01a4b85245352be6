"""Inserting where a row may be already."""

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, select

from emca_daemon.store.inserting import InsertNew, InsertOrChange

metadata = MetaData()
boxes = Table(
    "boxes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("label", Integer, unique=True),
    Column("n", Integer),
    prefixes=["TEMPORARY"],
)


@pytest.fixture
def connection(engine: Engine) -> Connection:
    """A connection to a database with a table of boxes."""
    connection = engine.connect()
    metadata.create_all(connection)
    return connection


def contents(connection: Connection) -> list[tuple[int, int, int]]:
    """All boxes, and the end of the connection."""
    rows = connection.execute(select(boxes.c.id, boxes.c.label, boxes.c.n).order_by(boxes.c.id))
    found = [(row.id, row.label, row.n) for row in rows]
    connection.close()
    return found


def test_a_new_row_is_inserted_and_an_old_one_stays(connection: Connection) -> None:
    """Whatever column they share."""
    insert = InsertNew(boxes)
    assert insert.run(connection, {"id": 1, "label": 10, "n": 1})
    assert not insert.run(connection, {"id": 1, "label": 11, "n": 2})
    assert not insert.run(connection, {"id": 2, "label": 10, "n": 3})
    assert insert.run(connection, {"id": 2, "label": 11, "n": 4})
    assert contents(connection) == [(1, 10, 1), (2, 11, 4)]


def test_an_old_row_is_changed(connection: Connection) -> None:
    """From its own values and those of the row that was to be."""
    count = InsertOrChange(boxes, lambda new: {"n": boxes.c.n + new["n"]})
    assert count.run(connection, {"id": 1, "label": 10, "n": 1})
    assert count.run(connection, {"id": 1, "label": 11, "n": 2})
    assert contents(connection) == [(1, 10, 3)]


def test_an_old_row_is_changed_under_a_condition(connection: Connection) -> None:
    """Otherwise it stays, and the answer says so."""
    raise_only = InsertOrChange(boxes, lambda new: {"n": new["n"]}, lambda new: new["n"] > boxes.c.n)
    assert raise_only.run(connection, {"id": 1, "label": 10, "n": 5})
    assert not raise_only.run(connection, {"id": 1, "label": 10, "n": 4})
    assert raise_only.run(connection, {"id": 1, "label": 10, "n": 6})
    assert contents(connection) == [(1, 10, 6)]
