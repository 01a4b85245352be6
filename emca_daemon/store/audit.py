"""The audit chain: rows that can only be added."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
    bindparam,
    cast,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from emca_daemon.ca.audit import GENESIS, canonical, seal
from emca_daemon.ca.records import AuditEvent, AuditValue, SealedEvent
from emca_daemon.errors import Reason, Refused
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Row, Statement

_PAGE = 1_000
"""Events that are in memory at a time during a walk."""

audit_events = Table(
    "audit_events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    # The canonical text whose hash is taken, so that nothing is lost between writing and checking
    Column("content", Text, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

_THE_HEAD = select(audit_head.c.number, audit_head.c.hash)
_HEAD = Statement(_THE_HEAD)
_HEAD_AND_LOCK = Statement(_THE_HEAD.with_for_update())
_INSERT = Statement(insert(audit_events).inline())
_MOVE_HEAD = Statement(update(audit_head).values(number=bindparam("b_number"), hash=bindparam("b_hash")))


def _walk(content: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """A page of events without any conversion: whoever alters a row may leave anything behind."""
    columns = (audit_events.c.number, audit_events.c.previous, audit_events.c.hash, content.label("content"))
    plain = tuple(type_coerce(column, NullType()).label(column.name) for column in columns)
    statement = select(*plain).where(audit_events.c.number >= bindparam("start")).order_by(audit_events.c.number)
    return statement.limit(bindparam("page"))


_WALK = {
    # As octets, since SQLite keeps texts that are not UTF-8, and its driver gives up on them
    "sqlite": _walk(cast(audit_events.c.content, LargeBinary)),
    "postgresql": _walk(audit_events.c.content),
}


class AuditRows:
    """Fulfils `ca.ports.AuditReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def walk(self, start: int = 1) -> Iterator[SealedEvent]:
        """The events as stored, by number; one that cannot be read comes with its text under `unreadable`."""
        statement = _WALK[self._connection.dialect.name]
        while True:
            rows = self._connection.execute(statement, {"start": start, "page": _PAGE}).all()
            for row in rows:
                sealed = _sealed(row, start)
                yield sealed
                if sealed.number != row.number:
                    return  # no number: what follows has no place either
                start = sealed.number + 1
            if len(rows) < _PAGE:
                return

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest event as noted apart from the events; (0, 32 zero bytes) when empty.

        Raises Refused(BAD_INTEGRITY) for one that is no number or no hash.
        """
        row = _HEAD.first(self._connection, {})
        if row is None:
            return 0, GENESIS
        number, noted = row
        if not isinstance(number, int) or not isinstance(noted, bytes):
            raise Refused(Reason.BAD_INTEGRITY, "the audit chain is broken: the head that is noted apart was altered")
        return number, noted


class AuditWriter(AuditRows):
    """Fulfils `ca.ports.Audit`; `noticed` is told each event, for those who count."""

    __slots__ = ("_noticed",)

    def __init__(self, connection: Connection, noticed: Callable[[AuditEvent], None]) -> None:
        super().__init__(connection)
        self._noticed = noticed

    def append(self, event: AuditEvent) -> None:
        """Seal the event into the chain; the head stays locked until the transaction ends."""
        head = _HEAD_AND_LOCK.one(self._connection, {})
        sealed = seal(head.number + 1, head.hash, event)
        row = {
            "number": sealed.number,
            "previous": sealed.previous,
            "hash": sealed.hash,
            "content": canonical(sealed.number, event).decode("ascii"),
        }
        _INSERT.run(self._connection, row)
        _MOVE_HEAD.run(self._connection, {"b_number": sealed.number, "b_hash": sealed.hash})
        self._noticed(event)


def _sealed(row: Row, expected: int) -> SealedEvent:
    """A row as an event in its place; what cannot be one stands where it was met, for the check to name it."""
    number, previous, noted, content = row
    if isinstance(number, int) and isinstance(previous, bytes) and isinstance(noted, bytes):
        return SealedEvent(number, _event_of(number, content), previous, noted)
    return SealedEvent(number if isinstance(number, int) else expected, _unreadable(content), b"", b"")


def _event_of(number: int, content: object) -> AuditEvent:
    """The event in a content that is written as we write it, to the letter: another spelling is an alteration."""
    try:
        if not isinstance(content, str | bytes):
            return _unreadable(content)
        _number, at, *texts, details = json.loads(content)
        moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        actor, proof, origin, request_id, action, subject, outcome = texts
        sound = all(isinstance(text, str) for text in [*texts, *details])
        if not sound or not all(isinstance(value, AuditValue) for value in details.values()):
            return _unreadable(content)
        event = AuditEvent(moment, actor, proof, origin, request_id, action, subject, outcome, details)
        text = content.encode() if isinstance(content, str) else content
        return event if canonical(number, event) == text else _unreadable(content)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return _unreadable(content)


def _unreadable(content: object) -> AuditEvent:
    text = content.decode(errors="replace") if isinstance(content, bytes) else str(content)
    return AuditEvent(datetime(1970, 1, 1, tzinfo=UTC), "", "", "", "", "", "", "unreadable", {"unreadable": text})
