"""The contract of the audit chain, on every database, and what happens when somebody tampers with it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from emca_daemon.ca.audit import ChainFault, verify
from emca_daemon.errors import Reason, Refused
from emca_daemon.store import audit
from emca_daemon.store.transactions import SqlStore
from tests.contracts.store_contract import AuditContract
from tests.support.records import event


class TestAudit(AuditContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""


DEEP = "[" * 900 + "]" * 900
"""Read without a fault, and too deep to be written by what stands deeper itself."""

_DISARM = {
    "sqlite": ["DROP TRIGGER audit_events_no_update", "DROP TRIGGER audit_events_no_delete"],
    "postgresql": ["ALTER TABLE audit_events DISABLE TRIGGER USER"],
}


def written(store: SqlStore, events: int) -> None:
    """Put that many events into the chain."""
    with store.writing() as tx:
        for number in range(events):
            tx.audit.append(event(f"event.{number + 1}", n=number))


def written_elsewhere(store: SqlStore, events: int) -> None:
    """The same by another thread, in the middle of what this one does."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(written, store, events).result()


def fault(store: SqlStore) -> ChainFault | None:
    """What a walk along the chain finds wrong."""
    with store.reading() as tx:
        return verify(tx.audit.walk(), tx.audit.head()).fault


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET content = 'x' WHERE number = 1",
        "DELETE FROM audit_events WHERE number = 1",
        "DELETE FROM audit_head",
    ],
)
def test_the_database_refuses_to_change_events(engine: Engine, store: SqlStore, statement: str) -> None:
    """Whoever asks."""
    written(store, 2)
    with engine.connect() as connection, pytest.raises(DBAPIError, match="audit"):
        connection.exec_driver_sql(statement)
    assert fault(store) is None


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.database)], indirect=True)
def test_the_database_refuses_to_empty_the_table(engine: Engine, store: SqlStore) -> None:
    """Which is another statement on PostgreSQL."""
    written(store, 2)
    with engine.connect() as connection, pytest.raises(DBAPIError, match="audit"):
        connection.exec_driver_sql("TRUNCATE audit_events")
    assert fault(store) is None


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit_events SET content = replace(content, 'event.2', 'event.9') WHERE number = 2", 2),
        ("UPDATE audit_events SET content = replace(content, '\"n\":1', '\"n\":1.5') WHERE number = 2", 2),
        ("UPDATE audit_events SET content = replace(content, '2026', '2027') WHERE number = 2", 2),
        ('UPDATE audit_events SET content = replace(content, \'"n":1\', \'"n":9,"n":1\') WHERE number = 2', 2),
        ("UPDATE audit_events SET content = replace(content, '[2,', '[3,') WHERE number = 2", 2),
        ("UPDATE audit_events SET content = content || ' ' WHERE number = 2", 2),
        ("UPDATE audit_events SET content = '' WHERE number = 2", 2),
        ("UPDATE audit_events SET content = '[]' WHERE number = 2", 2),
        ("UPDATE audit_events SET content = '{\"a\":1}' WHERE number = 2", 2),
        ("UPDATE audit_events SET content = '[1,2,3,4,5,6,7,8,9,10]' WHERE number = 2", 2),
        (f"UPDATE audit_events SET content = '{'[' * 3000}' WHERE number = 2", 2),
        (f"UPDATE audit_events SET content = replace(content, '1}}', '{DEEP}}}') WHERE number = 2", 2),
        ("UPDATE audit_events SET content = replace(content, 'event.2', '\\ud800') WHERE number = 2", 2),
        ("UPDATE audit_events SET content = replace(content, '{', '[[\"a\",1],[1,2]],{') WHERE number = 2", 2),
        ("UPDATE audit_events SET hash = previous WHERE number = 2", 2),
        ("UPDATE audit_events SET previous = hash WHERE number = 2", 2),
        ("DELETE FROM audit_events WHERE number = 2", 2),
        ("DELETE FROM audit_events WHERE number = 3", 3),
        ("INSERT INTO audit_events SELECT 4, hash, hash, content FROM audit_events WHERE number = 3", 4),
    ],
)
def test_tampering_is_found(engine: Engine, store: SqlStore, statement: str, number: int) -> None:
    """By whoever can get around the triggers; the first wrong event is named."""
    written(store, 3)
    with engine.connect() as connection:
        for disarming in _DISARM[engine.dialect.name]:
            connection.exec_driver_sql(disarming)
        connection.exec_driver_sql(statement)
    found = fault(store)
    assert found is not None
    assert found.number == number


@pytest.mark.parametrize("engine", ["sqlite-file"], indirect=True)
@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("number = 'two' WHERE number = 2", 2),
        ("number = 'three' WHERE number = 3", 3),
        ("number = 2.5 WHERE number = 2", 2),
        ("previous = 'text' WHERE number = 2", 2),
        ("hash = 'text' WHERE number = 2", 2),
        ("hash = 1000000000000 WHERE number = 3", 3),
        ("content = CAST(x'ff00' AS TEXT) WHERE number = 2", 2),
        ("content = x'ff00' WHERE number = 2", 2),
        ("content = 7 WHERE number = 2", 2),
    ],
)
def test_values_of_another_type_are_found(engine: Engine, store: SqlStore, change: str, number: int) -> None:
    """SQLite keeps what it is given; the event is named, whatever stands in its row."""
    written(store, 3)
    with engine.connect() as connection:
        for disarming in _DISARM["sqlite"]:
            connection.exec_driver_sql(disarming)
        connection.exec_driver_sql(f"UPDATE audit_events SET {change}")
    found = fault(store)
    assert found is not None
    assert found.number == number


@pytest.mark.parametrize("engine", ["sqlite-file"], indirect=True)
@pytest.mark.parametrize("change", ["number = 'three'", "hash = 'text'", "hash = 3"])
def test_a_head_of_another_type_is_named(engine: Engine, store: SqlStore, change: str) -> None:
    """As broken integrity, since no event can be told from it."""
    written(store, 3)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE audit_head SET {change}")
    with pytest.raises(Refused, match="head") as refused:
        fault(store)
    assert refused.value.reason is Reason.BAD_INTEGRITY


@pytest.mark.parametrize("events", [1, 3, 4, 5])
def test_a_walk_goes_on_from_page_to_page(store: SqlStore, events: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not the last page is full."""
    monkeypatch.setattr(audit, "_PAGE", 2)
    written(store, events)
    with store.reading() as tx:
        assert [sealed.number for sealed in tx.audit.walk()] == list(range(1, events + 1))


@pytest.mark.parametrize(
    "engine", ["sqlite-file", pytest.param("postgresql", marks=pytest.mark.database)], indirect=True
)
def test_a_walk_holds_while_others_append(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL shows a walk what was committed meanwhile, SQLite does not: neither takes it for tampering."""
    monkeypatch.setattr(audit, "_PAGE", 2)
    written(store, 3)
    with store.reading() as tx:
        head = tx.audit.head()
        written_elsewhere(store, 3)
        report = verify(tx.audit.walk(), head, tx.audit.head)
    assert (report.fault, report.events) == (None, 3)
    assert fault(store) is None


@pytest.mark.parametrize("engine", ["sqlite-file"], indirect=True)
def test_a_walk_ends_where_numbers_end(engine: Engine, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text stands behind every number, on every page."""
    monkeypatch.setattr(audit, "_PAGE", 1)
    written(store, 3)
    with engine.connect() as connection:
        for disarming in _DISARM["sqlite"]:
            connection.exec_driver_sql(disarming)
        connection.exec_driver_sql("UPDATE audit_events SET number = 'three' WHERE number = 3")
    with store.reading() as tx:
        assert [sealed.number for sealed in tx.audit.walk()] == [1, 2, 3]
