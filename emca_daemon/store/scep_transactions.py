"""SCEP's transactions: rows that every process sees, for as long as the same request may come again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, Index, LargeBinary, String, Table, bindparam, delete, literal_column, select

from emca_daemon.protocols.scep.records import Transaction
from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Row, Statement

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
_GET = Statement(select(scep_transactions).where(_c.id == bindparam("id")))
_OF_GROUP = Statement(
    select(scep_transactions)
    .where(_c.group_id == bindparam("group_id"))
    .order_by(_c.created.desc(), _c.id)
    .limit(literal_column(str(_MOST)))
)
_ADD = InsertNew(scep_transactions)
_REMOVE = Statement(delete(scep_transactions).where(_c.id == bindparam("id"), _c.created == bindparam("created")))
_EXPIRED = select(_c.id).where(_c.expires <= bindparam("now")).order_by(_c.expires).limit(bindparam("most"))
_OVERDUE = Statement(_EXPIRED)
_FORGET = Statement(delete(scep_transactions).where(_c.id.in_(_EXPIRED)))


class ScepRows:
    """Fulfils `protocols.scep.ports.TransactionsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, transaction: str) -> Transaction | None:
        """One, by its name."""
        row = _GET.first(self._connection, {"id": transaction})
        return None if row is None else _transaction_of(row)

    def of_group(self, group: str) -> Sequence[Transaction]:
        """Those of one transactionID, newest first."""
        return [_transaction_of(row) for row in _OF_GROUP.all(self._connection, {"group_id": group})]

    def overdue(self, now: datetime) -> bool:
        """Whether anything has expired."""
        return _OVERDUE.first(self._connection, {"now": now, "most": 1}) is not None


class ScepWriter(ScepRows):
    """Fulfils `protocols.scep.ports.Transactions`."""

    __slots__ = ()

    def put(self, transaction: Transaction, replaces: Transaction | None) -> bool:
        """Keep a new one, or put it in the place of another; False if somebody else did so meanwhile."""
        if replaces is not None:
            _REMOVE.run(self._connection, {"id": replaces.id, "created": replaces.created})
        return _ADD.run(self._connection, _values(transaction))

    def forget(self, now: datetime, most: int) -> int:
        """Remove what has expired; how many that was."""
        return _FORGET.run(self._connection, {"now": now, "most": most})


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


def _transaction_of(row: Row) -> Transaction:
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
