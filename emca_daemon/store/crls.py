"""CRLs: the counters of each issuer, and what was published."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    bindparam,
    func,
    select,
    update,
)

from emca_daemon.ca.records import IssuedCrl
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.store.columns import NAME, Moment
from emca_daemon.store.inserting import InsertNew, InsertOrChange
from emca_daemon.store.schema import metadata

_BODIES_KEPT = 3
"""How many of the newest CRLs of a kind keep their DER: the row of every CRL stays for ever, but a list of 10^5 serials
published twice an hour would fill a disk. Three outlast whatever a download or a comparison still refers to."""

_MOST = 10_000
"""How much history is read at once."""

crl_counters = Table(
    "crl_counters",
    metadata,
    Column("issuer", NAME, primary_key=True),
    # The highest CRL number given out, whether or not its CRL was published
    Column("number", BigInteger, nullable=False),
    # Status changes (revoke, release, abandon) so far
    Column("changes", BigInteger, nullable=False),
)

crls = Table(
    "crls",
    metadata,
    Column("issuer", NAME, primary_key=True),
    # `full` or `delta`: both kinds share one sequence and may share a number (RFC 5280 5.2.3)
    Column("kind", String(8), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("base_number", BigInteger),
    Column("this_update", Moment, nullable=False),
    Column("next_update", Moment, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("changes", BigInteger, nullable=False),
    Column("der", LargeBinary),
    Index("ix_crls_issuer_number", "issuer", "number"),
)

_COUNT_NUMBER = InsertOrChange(crl_counters, lambda _new: {"number": crl_counters.c.number + 1})
_COUNT_CHANGE = InsertOrChange(crl_counters, lambda _new: {"changes": crl_counters.c.changes + 1})
_COUNTERS = select(crl_counters.c.number, crl_counters.c.changes).where(crl_counters.c.issuer == bindparam("issuer"))
_LATEST = (
    select(crls)
    .where(crls.c.issuer == bindparam("issuer"), crls.c.kind == "full")
    .order_by(crls.c.number.desc())
    .limit(1)
)
_HISTORY = (
    select(crls)
    .where(crls.c.issuer == bindparam("issuer"))
    .order_by(crls.c.number.desc(), crls.c.kind.desc())
    .limit(bindparam("limit"))
)
_HIGHEST = select(func.max(crls.c.number)).where(crls.c.issuer == bindparam("issuer"), crls.c.kind == bindparam("kind"))
_INSERT = InsertNew(crls)
_KEPT = (
    select(crls.c.number)
    .where(crls.c.issuer == bindparam("b_issuer"), crls.c.kind == bindparam("b_kind"))
    .order_by(crls.c.number.desc())
    .limit(_BODIES_KEPT)
    .scalar_subquery()
)
_DROP_BODIES = (
    update(crls)
    .where(
        crls.c.issuer == bindparam("b_issuer"),
        crls.c.kind == bindparam("b_kind"),
        crls.c.der.is_not(None),
        crls.c.number.not_in(_KEPT),
    )
    .values(der=None)
)


def count_change(connection: Connection, issuer: IssuerName) -> None:
    """Count a status change of one of the issuer's certificates; its counters stay locked until the end."""
    _COUNT_CHANGE.run(connection, {"issuer": issuer, "number": 0, "changes": 1})


class CrlRows:
    """Fulfils `ca.ports.CrlsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self, issuer: IssuerName) -> IssuedCrl | None:
        """The full CRL with the highest number."""
        row = self._connection.execute(_LATEST, {"issuer": issuer}).first()
        return _crl_of(row) if row else None

    def changes(self, issuer: IssuerName) -> int:
        """How many status changes (revoke, release, abandon) the issuer has seen."""
        row = self._connection.execute(_COUNTERS, {"issuer": issuer}).first()
        return row.changes if row else 0

    def history(self, issuer: IssuerName, limit: int) -> Sequence[IssuedCrl]:
        """The newest CRLs, newest first; `der` is empty for those that are more than three publications old."""
        rows = self._connection.execute(_HISTORY, {"issuer": issuer, "limit": min(max(limit, 0), _MOST)})
        return [_crl_of(row) for row in rows]


class CrlWriter(CrlRows):
    """Fulfils `ca.ports.Crls`."""

    __slots__ = ()

    def next_number(self, issuer: IssuerName) -> tuple[int, int]:
        """A CRL number higher than every one before, and how many status changes the issuer has seen.

        The issuer's counters stay locked until the transaction ends.
        """
        _COUNT_NUMBER.run(self._connection, {"issuer": issuer, "number": 1, "changes": 0})
        number, changes = self._connection.execute(_COUNTERS, {"issuer": issuer}).one()
        return number, changes

    def publish(self, crl: IssuedCrl) -> None:
        """Make it the latest; raises Refused(WRONG_STATE) if its number is not higher than the latest's."""
        kind = "full" if crl.base_number is None else "delta"
        highest = self._connection.execute(_HIGHEST, {"issuer": crl.issuer, "kind": kind}).scalar_one()
        if (highest is not None and crl.number <= highest) or not _INSERT.run(self._connection, _values(crl, kind)):
            raise Refused(Reason.WRONG_STATE, f"{crl.issuer} has published CRL {highest} already")
        self._connection.execute(_DROP_BODIES, {"b_issuer": crl.issuer, "b_kind": kind})


def _values(crl: IssuedCrl, kind: str) -> dict[str, object]:
    return {
        "issuer": crl.issuer,
        "kind": kind,
        "number": crl.number,
        "base_number": crl.base_number,
        "this_update": crl.this_update,
        "next_update": crl.next_update,
        "entries": crl.entries,
        "changes": crl.changes,
        "der": crl.der,
    }


def _crl_of(row: Row[tuple[object, ...]]) -> IssuedCrl:
    return IssuedCrl(
        issuer=row.issuer,
        number=row.number,
        this_update=row.this_update,
        next_update=row.next_update,
        entries=row.entries,
        der=row.der or b"",
        changes=row.changes,
        base_number=row.base_number,
    )
