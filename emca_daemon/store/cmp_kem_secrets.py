"""Secrets that CMP has encapsulated to its clients' certificates, a row a transaction."""

from datetime import datetime

from sqlalchemy import Column, Connection, Index, LargeBinary, Table, Text, bindparam, delete, func, select, update

from emca_daemon.protocols.cmp.records import KemSecret
from emca_daemon.store.columns import NAME, Moment
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Statement

cmp_kem_secrets = Table(
    "cmp_kem_secrets",
    metadata,
    Column("endpoint", NAME, primary_key=True),
    Column("id", LargeBinary(128), primary_key=True),
    Column("credential", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("expires", Moment, nullable=False),
    Index("ix_cmp_kem_secrets_credential", "credential"),
    Index("ix_cmp_kem_secrets_expires", "expires"),
)

_c = cmp_kem_secrets.c
_KEY = (_c.endpoint == bindparam("b_endpoint"), _c.id == bindparam("b_id"))
_FIND = Statement(select(cmp_kem_secrets).where(*_KEY))
_COUNT = Statement(
    select(func.count())
    .select_from(cmp_kem_secrets)
    .where(_c.credential == bindparam("credential"), _c.endpoint == bindparam("endpoint"))
)
_OVERDUE = Statement(select(_c.id).where(_c.expires <= bindparam("now")).limit(1))
_ADD = InsertNew(cmp_kem_secrets)
_EXTEND = Statement(update(cmp_kem_secrets).where(*_KEY).values(expires=bindparam("expires")))
_FORGET = Statement(delete(cmp_kem_secrets).where(_c.expires <= bindparam("now")))


class KemRows:
    """Fulfils `protocols.cmp.ports.KemSecretsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, endpoint: str, transaction_id: bytes) -> KemSecret | None:
        """The secret of a transaction."""
        row = _FIND.first(self._connection, {"b_endpoint": endpoint, "b_id": transaction_id})
        if row is None:
            return None
        return KemSecret(
            row.endpoint, bytes(row.id), row.credential, bytes(row.secret), bytes(row.certificate), row.expires
        )

    def count(self, endpoint: str, credential: str) -> int:
        """How many that credential has."""
        return int(_COUNT.one(self._connection, {"credential": credential, "endpoint": endpoint})[0])

    def is_overdue(self, now: datetime) -> bool:
        """Whether there is one whose time is over."""
        return _OVERDUE.first(self._connection, {"now": now}) is not None


class KemWriter(KemRows):
    """Fulfils `protocols.cmp.ports.KemSecrets`."""

    __slots__ = ()

    def add(self, secret: KemSecret) -> bool:
        """Keep a new one; False where its transaction has one."""
        given = {
            "endpoint": secret.endpoint,
            "id": secret.id,
            "credential": secret.credential,
            "secret": secret.secret,
            "certificate": secret.certificate,
            "expires": secret.expires,
        }
        return _ADD.run(self._connection, given)

    def extend(self, secret: KemSecret, expires: datetime) -> None:
        """Keep it for longer."""
        _EXTEND.run(self._connection, {"b_endpoint": secret.endpoint, "b_id": secret.id, "expires": expires})

    def forget(self, now: datetime) -> int:
        """Remove those whose time is over; how many."""
        return _FORGET.run(self._connection, {"now": now})
