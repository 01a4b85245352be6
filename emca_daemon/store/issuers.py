"""Our certificate authorities."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
    update,
)

from emca_daemon.ca.records import IssuerRecord, IssuerState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.store.columns import NAME, Moment
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Row, Statement, execute_plain

issuers = Table(
    "issuers",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("key", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("profile", NAME, nullable=False),
    Column("state", String(16), nullable=False),
    # Certificates in base64, as a JSON list, from this issuer's own to the root
    Column("chain", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("parent", NAME),
    Column("pss", Boolean, nullable=False),
    Column("csr", LargeBinary),
    # How often the row was written: the sum over all rows changes with every change
    Column("revision", BigInteger, nullable=False),
)

_GET = Statement(select(issuers).where(issuers.c.name == bindparam("name")))
_ALL = select(issuers).order_by(issuers.c.created, issuers.c.name)
_VERSION = Statement(select(func.coalesce(func.sum(issuers.c.revision), 0)))
# PostgreSQL: the rows read stay as they are until the transaction ends, also where another one is changing them now.
_LOCKED = select(issuers.c.revision).with_for_update(read=True).subquery()
_VERSION_AND_LOCK = Statement(select(func.coalesce(func.sum(_LOCKED.c.revision), 0)))
# Who changes an issuer waits in a line for that; without it those who only read would go first for ever.
_IN_TURN = {"postgresql": "LOCK TABLE issuers IN EXCLUSIVE MODE"}
_INSERT = InsertNew(issuers)
_UPDATE = (
    update(issuers)
    .where(issuers.c.name == bindparam("b_name"))
    .values(
        {column: bindparam(column.name) for column in issuers.c if column.name not in ("name", "revision")}
        | {issuers.c.revision: issuers.c.revision + 1}
    )
)


class IssuerRows:
    """Fulfils `ca.ports.IssuersReader`."""

    __slots__ = ("_connection",)

    _version = _VERSION

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: IssuerName) -> IssuerRecord | None:
        """One issuer."""
        row = _GET.first(self._connection, {"name": name})
        return _record_of(row) if row else None

    def all(self) -> Sequence[IssuerRecord]:
        """Every issuer, oldest first."""
        return [_record_of(row) for row in self._connection.execute(_ALL)]

    def version(self) -> int:
        """A number that grows whenever an issuer is added or changed; in a transaction for changes none is then."""
        return int(self._version.one(self._connection, {})[0])


class IssuerWriter(IssuerRows):
    """Fulfils `ca.ports.Issuers`."""

    __slots__ = ()

    # Who issues relies on it: an issuer must not be revoked between the question and the commit.
    _version = _VERSION_AND_LOCK

    def add(self, issuer: IssuerRecord) -> None:
        """Keep a new issuer; raises Refused(WRONG_STATE) if the name is taken."""
        if not _INSERT.run(self._connection, {"name": issuer.name, "revision": 1, **_values(issuer)}):
            raise Refused(Reason.WRONG_STATE, f"there is an issuer `{issuer.name}` already")

    def update(self, issuer: IssuerRecord) -> None:
        """Replace the issuer of that name; raises Refused(NOT_FOUND) if there is none."""
        in_turn = _IN_TURN.get(self._connection.dialect.name)
        if in_turn is not None:
            execute_plain(self._connection, in_turn)
        if self._connection.execute(_UPDATE, {"b_name": issuer.name, **_values(issuer)}).rowcount != 1:
            raise Refused(Reason.NOT_FOUND, f"there is no issuer `{issuer.name}`")


def _values(issuer: IssuerRecord) -> dict[str, object]:
    return {
        "key": issuer.key,
        "subject": issuer.subject,
        "profile": issuer.profile,
        "state": issuer.state.value,
        "chain": json.dumps([b64encode(der).decode() for der in issuer.chain]),
        "created": issuer.created,
        "parent": issuer.parent,
        "pss": issuer.pss,
        "csr": issuer.csr,
    }


def _record_of(row: Row) -> IssuerRecord:
    return IssuerRecord(
        name=row.name,
        key=row.key,
        subject=row.subject,
        profile=row.profile,
        state=IssuerState(row.state),
        chain=tuple(b64decode(text) for text in json.loads(row.chain)),
        created=row.created,
        parent=row.parent,
        pss=row.pss,
        csr=row.csr,
    )
