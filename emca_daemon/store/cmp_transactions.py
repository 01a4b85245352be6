"""CMP's transactions: rows that every process sees and that outlive them all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)

from emca_daemon.asn1.cmp import Body
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.records import Challenge, Stage, Transaction
from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Row, Statement

cmp_transactions = Table(
    "cmp_transactions",
    metadata,
    Column("endpoint", NAME, primary_key=True),
    Column("id", LargeBinary(128), primary_key=True),
    Column("credential", Text, nullable=False),
    Column("protection", String(64), nullable=False),
    Column("request", SmallInteger, nullable=False),
    Column("request_id", SmallInteger, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("nonce", LargeBinary(128), nullable=False),
    Column("implicit", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("pending", NAME, nullable=False),
    Column("issuer", NAME),
    Column("serial", Serial),
    Column("signer", LargeBinary),
    Column("digest", LargeBinary(32)),
    Column("challenge_witness", LargeBinary(32)),
    Column("challenge_request", LargeBinary),
    Column("challenge_label", NAME),
    Column("asked_nonce", LargeBinary(128)),
    Column("known_nonce", LargeBinary(128)),
    Index("ix_cmp_transactions_expires", "expires"),
    Index("ix_cmp_transactions_credential", "credential"),
)

_c = cmp_transactions.c
_KEY = (_c.endpoint == bindparam("b_endpoint"), _c.id == bindparam("b_id"))
_GET = Statement(select(cmp_transactions).where(*_KEY))
_ADD = InsertNew(cmp_transactions)
_CHALLENGE = ("challenge_witness", "challenge_request", "challenge_label")
_CHANGED = ("stage", "nonce", "expires", "pending", "issuer", "serial", "asked_nonce", "known_nonce", *_CHALLENGE)
_UPDATE = Statement(
    update(cmp_transactions)
    .where(*_KEY, _c.stage == bindparam("b_expected"))
    .values({name: bindparam(name) for name in _CHANGED})
)
_OPEN = (_c.credential == bindparam("credential"), _c.stage != Stage.FINISHED.value)
_IS_OPEN = Statement(select(_c.id).where(*_OPEN, _c.request == bindparam("request")).limit(1))
_COUNT = Statement(
    select(func.count()).select_from(cmp_transactions).where(*_OPEN, _c.endpoint == bindparam("endpoint"))
)
_OVERDUE = select(cmp_transactions).where(_c.expires <= bindparam("now")).order_by(_c.expires).limit(bindparam("most"))
_REMOVE = delete(cmp_transactions).where(*_KEY)


class CmpRows:
    """Fulfils `protocols.cmp.ports.TransactionsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, endpoint: str, transaction_id: bytes) -> Transaction | None:
        """One transaction."""
        row = _GET.first(self._connection, {"b_endpoint": endpoint, "b_id": transaction_id})
        return _transaction_of(row) if row else None

    def is_open(self, credential: str, request: Body) -> bool:
        """Whether that credential has a transaction of that kind that is not over."""
        given = {"credential": credential, "request": int(request)}
        return _IS_OPEN.first(self._connection, given) is not None

    def count_open(self, endpoint: str, credential: str) -> int:
        """How many transactions of that credential are not over."""
        given = {"credential": credential, "endpoint": endpoint}
        return int(_COUNT.one(self._connection, given)[0])

    def overdue(self, now: datetime, limit: int) -> Sequence[Transaction]:
        """Transactions whose stage has ended by itself, oldest first."""
        rows = self._connection.execute(_OVERDUE, {"now": now, "most": limit})
        return [_transaction_of(row) for row in rows]


class CmpWriter(CmpRows):
    """Fulfils `protocols.cmp.ports.Transactions`."""

    __slots__ = ()

    def add(self, transaction: Transaction) -> bool:
        """Keep a new one; False where its id is taken."""
        given = {
            "endpoint": transaction.endpoint,
            "id": transaction.id,
            "credential": transaction.credential,
            "protection": transaction.protection,
            "request": int(transaction.request),
            "request_id": transaction.request_id,
            "implicit": transaction.implicit,
            "created": transaction.created,
            "signer": transaction.signer,
            "digest": transaction.digest,
            **_changing(transaction),
        }
        return _ADD.run(self._connection, given)

    def update(self, transaction: Transaction, expected: Stage) -> None:
        """Replace it; raises Refused(WRONG_STATE) unless it is in the expected stage."""
        given = {
            "b_endpoint": transaction.endpoint,
            "b_id": transaction.id,
            "b_expected": expected.value,
            **_changing(transaction),
        }
        if _UPDATE.run(self._connection, given) != 1:
            raise Refused(Reason.WRONG_STATE, f"the transaction is not {expected.value} any more")

    def remove(self, transaction: Transaction) -> None:
        """Forget one that is over."""
        self._connection.execute(_REMOVE, {"b_endpoint": transaction.endpoint, "b_id": transaction.id})


def _changing(transaction: Transaction) -> dict[str, object]:
    challenge = transaction.challenge
    given = (None, None, None) if challenge is None else (challenge.witness, challenge.request, challenge.label)
    return {
        "stage": transaction.stage.value,
        "nonce": transaction.nonce,
        "expires": transaction.expires,
        "pending": transaction.pending,
        "issuer": transaction.issuer,
        "serial": transaction.serial,
        "asked_nonce": transaction.asked_nonce,
        "known_nonce": transaction.known_nonce,
        **dict(zip(_CHALLENGE, given, strict=True)),
    }


def _transaction_of(row: Row) -> Transaction:
    return Transaction(
        endpoint=row.endpoint,
        id=bytes(row.id),
        credential=row.credential,
        protection=row.protection,
        request=Body(row.request),
        request_id=row.request_id,
        stage=Stage(row.stage),
        nonce=bytes(row.nonce),
        implicit=row.implicit,
        created=row.created,
        expires=row.expires,
        pending=row.pending,
        issuer=row.issuer,
        serial=row.serial,
        signer=_octets(row.signer),
        digest=_octets(row.digest),
        challenge=_challenge_of(row),
        asked_nonce=_octets(row.asked_nonce),
        known_nonce=_octets(row.known_nonce),
    )


def _octets(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)


def _challenge_of(row: Row) -> Challenge | None:
    if row.challenge_witness is None:
        return None
    return Challenge(bytes(row.challenge_witness), bytes(row.challenge_request), row.challenge_label)
