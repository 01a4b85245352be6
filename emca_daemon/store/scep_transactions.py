"""SCEP's transactions: rows that every process sees, for as long as the same request may come again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, Index, LargeBinary, Row, String, Table, bindparam, delete, select

from emca_daemon.protocols.scep.records import Transaction
from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata

_MOST = 100
"""Transactions with one transactionID that are looked at."""

scep_transactions = Table(
    "scep_transactions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("group_id", String(64), nullable=False),
    Column("endpoint", NAME, nullable=False),
    Column("signer_key", LargeBinary(32), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("pending", NAME, nullable=False),
    Column("issuer", NAME),
    Column("serial", Serial),
    Index("ix_scep_transactions_group_id_created", "group_id", "created"),
    Index("ix_scep_transactions_expires", "expires"),
)

_c = scep_transactions.c
_GET = select(scep_transactions).where(_c.id == bindparam("id"))
_OF_GROUP = (
    select(scep_transactions)
    .where(_c.group_id == bindparam("group_id"))
    .order_by(_c.created.desc(), _c.id)
    .limit(_MOST)
)
_ADD = InsertNew(scep_transactions)
_REMOVE = delete(scep_transactions).where(_c.id == bindparam("id"), _c.created == bindparam("created"))
_OVERDUE = select(_c.id).where(_c.expires <= bindparam("now")).order_by(_c.expires).limit(bindparam("most"))
_FORGET = delete(scep_transactions).where(_c.id.in_(_OVERDUE))


class ScepRows:
    """Fulfils `protocols.scep.ports.TransactionsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, transaction: str) -> Transaction | None:
        """One, by its name."""
        row = self._connection.execute(_GET, {"id": transaction}).first()
        return None if row is None else _transaction_of(row)

    def of_group(self, group: str) -> Sequence[Transaction]:
        """Those of one transactionID, newest first."""
        return [_transaction_of(row) for row in self._connection.execute(_OF_GROUP, {"group_id": group})]

    def overdue(self, now: datetime) -> bool:
        """Whether anything has expired."""
        return self._connection.execute(_OVERDUE, {"now": now, "most": 1}).first() is not None


class ScepWriter(ScepRows):
    """Fulfils `protocols.scep.ports.Transactions`."""

    __slots__ = ()

    def put(self, transaction: Transaction, replaces: Transaction | None) -> bool:
        """Keep a new one, or put it in the place of another; False if somebody else did so meanwhile."""
        if replaces is not None:
            self._connection.execute(_REMOVE, {"id": replaces.id, "created": replaces.created})
        return _ADD.run(self._connection, _values(transaction))

    def forget(self, now: datetime, most: int) -> int:
        """Remove what has expired; how many that was."""
        return self._connection.execute(_FORGET, {"now": now, "most": most}).rowcount


def _values(transaction: Transaction) -> dict[str, object]:
    return {
        "id": transaction.id,
        "group_id": transaction.group,
        "endpoint": transaction.endpoint,
        "signer_key": transaction.signer_key,
        "created": transaction.created,
        "expires": transaction.expires,
        "pending": transaction.pending,
        "issuer": transaction.issuer,
        "serial": transaction.serial,
    }


def _transaction_of(row: Row[tuple[object, ...]]) -> Transaction:
    return Transaction(
        id=row.id,
        group=row.group_id,
        endpoint=row.endpoint,
        signer_key=row.signer_key,
        created=row.created,
        expires=row.expires,
        pending=row.pending,
        issuer=row.issuer,
        serial=row.serial,
    )
