"""Rows of SCEP's requests that somebody else was asked about, each changed by whoever saw it last."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    bindparam,
    delete,
    select,
    update,
)

from emca_daemon.protocols.scep.asked_records import Asked
from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata

scep_asked = Table(
    "scep_asked",
    metadata,
    Column("transaction", String(64), primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("transaction_id", LargeBinary(), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("request", LargeBinary(), nullable=False),
    Column("asking", Moment),
    Column("identity", NAME, nullable=False),
    Column("issuer", NAME),
    Column("serial", Serial),
    Column("pending", NAME, nullable=False),
    Column("failure", Text, nullable=False),
    Column("due", Moment),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_scep_asked_due", "due"),
    Index("ix_scep_asked_expires", "expires"),
)

_c = scep_asked.c
_NAMES = tuple(_c.keys())
_NOW = bindparam("b_now", type_=Moment)
_THE_ONE = _c.transaction == bindparam("b_transaction")
_SEEN = _c.version == bindparam("b_version")

_GET = select(scep_asked).where(_THE_ONE)
_DUE = select(scep_asked).where(_c.due <= _NOW).order_by(_c.due, _c.transaction).limit(bindparam("b_most"))
_OVERDUE = (
    select(_c.transaction).where(_c.expires <= _NOW, _c.due.is_(None)).order_by(_c.expires).limit(bindparam("b_most"))
)
_ADD = InsertNew(scep_asked)
_CHANGE = (
    update(scep_asked)
    .where(_THE_ONE, _SEEN)
    .values({name: bindparam(name, type_=_c[name].type) for name in _NAMES if name != "transaction"})
)
_REMOVE = delete(scep_asked).where(_THE_ONE, _SEEN)
_FORGET = delete(scep_asked).where(_c.transaction.in_(_OVERDUE))


class AskedRows:
    """Fulfils `protocols.scep.ports.AskedRequestsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, transaction: str) -> Asked | None:
        """One, by the name of the request."""
        row = self._connection.execute(_GET, {"b_transaction": transaction}).first()
        return None if row is None else _asked_of(row)

    def due(self, now: datetime, most: int) -> Sequence[Asked]:
        """Those of which the other side is to be told by now, the longest due first."""
        return [_asked_of(row) for row in self._connection.execute(_DUE, {"b_now": now, "b_most": most})]

    def overdue(self, now: datetime) -> bool:
        """Whether `forget` would find anything."""
        return self._connection.execute(_OVERDUE, {"b_now": now, "b_most": 1}).first() is not None


class AskedWriter(AskedRows):
    """Fulfils `protocols.scep.ports.AskedRequests`."""

    __slots__ = ()

    def add(self, asked: Asked) -> bool:
        """Keep a new one; False where one of that name is there."""
        return _ADD.run(self._connection, _values(asked))

    def change(self, asked: Asked) -> bool:
        """Replace the one with its name and version, and count that; False where that is gone or was changed."""
        values = {name: value for name, value in _values(asked).items() if name != "transaction"}
        given = {**values, "version": asked.version + 1}
        key = {"b_transaction": asked.transaction, "b_version": asked.version}
        return self._connection.execute(_CHANGE, {**given, **key}).rowcount == 1

    def remove(self, asked: Asked) -> bool:
        """Forget the one with its name and version; False where that is gone or was changed."""
        key = {"b_transaction": asked.transaction, "b_version": asked.version}
        return self._connection.execute(_REMOVE, key).rowcount == 1

    def forget(self, now: datetime, most: int) -> int:
        """Remove what has expired and of which nothing is to be told; how many."""
        return self._connection.execute(_FORGET, {"b_now": now, "b_most": most}).rowcount


def _values(asked: Asked) -> dict[str, object]:
    return {name: getattr(asked, name) for name in _NAMES}


def _asked_of(row: Row[tuple[object, ...]]) -> Asked:
    return Asked(
        transaction=row.transaction,
        endpoint=row.endpoint,
        transaction_id=bytes(row.transaction_id),
        created=row.created,
        expires=row.expires,
        request=bytes(row.request),
        asking=row.asking,
        identity=row.identity,
        issuer=row.issuer,
        serial=row.serial,
        pending=row.pending,
        failure=row.failure,
        due=row.due,
        attempts=row.attempts,
        version=row.version,
    )
