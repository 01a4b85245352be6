"""The audit chain: rows that can only be added."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from emca_daemon.ca.audit import GENESIS, canonical, seal
from emca_daemon.ca.records import AuditEvent, SealedEvent
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
_WALK = (
    select(audit_events).where(audit_events.c.number >= bindparam("start")).order_by(audit_events.c.number).limit(_PAGE)
)


class AuditRows:
    """Fulfils `ca.ports.AuditReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def walk(self, start: int = 1) -> Iterator[SealedEvent]:
        """The events as stored, by number; one that cannot be read comes with its text under `unreadable`."""
        while True:
            rows = self._connection.execute(_WALK, {"start": start}).all()
            for row in rows:
                yield SealedEvent(row.number, _event_of(row), row.previous, row.hash)
            if len(rows) < _PAGE:
                return
            start = rows[-1].number + 1

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest event as noted apart from the events; (0, 32 zero bytes) when empty."""
        row = _HEAD.first(self._connection, {})
        return (row.number, row.hash) if row else (0, GENESIS)


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


def _event_of(row: Row) -> AuditEvent:
    # Whoever alters a row may leave anything behind; such an event must still reach the check that names it.
    try:
        _number, at, actor, proof, origin, request_id, action, subject, outcome, details = json.loads(row.content)
        moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        return AuditEvent(moment, actor, proof, origin, request_id, action, subject, outcome, dict(details))
    except (ValueError, TypeError, RecursionError):
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return AuditEvent(epoch, "", "", "", "", "", "", "unreadable", {"unreadable": str(row.content)})
