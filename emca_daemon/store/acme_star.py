"""Orders whose certificates are renewed without their clients (RFC 8739)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, exists, select, update

from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.acme.records import StarOrder
from emca_daemon.store.acme_tables import star_orders
from emca_daemon.store.inserting import InsertOrChange

_c = star_orders.c
_GET = select(star_orders).where(_c.order_id == bindparam("order_id"))
_DUE = select(star_orders).where(_c.next_issue <= bindparam("now")).order_by(_c.next_issue).limit(bindparam("most"))
_KNOWS = select(exists().where(_c.issuer == bindparam("issuer"), _c.serial == bindparam("serial")))
_CHANGING = ("issuer", "serial", "begins", "next_issue")
_KEEP = InsertOrChange(star_orders, lambda new: {name: new[name] for name in _CHANGING})
_POSTPONE = (
    update(star_orders)
    .where(_c.order_id == bindparam("b_order_id"), _c.next_issue == bindparam("b_expected"))
    .values(next_issue=bindparam("next_issue"))
)
_STOP = update(star_orders).where(_c.order_id == bindparam("b_order_id")).values(next_issue=None)


class StarRows:
    """The part of `protocols.acme.ports.AcmeReader` about automatic renewal."""

    __slots__ = ()

    _connection: Connection

    def star_order(self, order_id: str) -> StarOrder | None:
        """How an order stands whose certificates are renewed automatically."""
        row = self._connection.execute(_GET, {"order_id": order_id}).first()
        return None if row is None else _star_of(row)

    def due_star_orders(self, now: datetime, limit: int) -> Sequence[StarOrder]:
        """Those whose next certificate is due, longest due first."""
        return [_star_of(row) for row in self._connection.execute(_DUE, {"now": now, "most": limit})]

    def is_star_certificate(self, issuer: IssuerName, serial: SerialNumber) -> bool:
        """Whether it is the present certificate of such an order."""
        return bool(self._connection.execute(_KNOWS, {"issuer": issuer, "serial": serial}).scalar_one())


class StarWriter(StarRows):
    """The part of `protocols.acme.ports.AcmeRows` about automatic renewal."""

    __slots__ = ()

    def keep_star_order(self, star: StarOrder) -> None:
        """Keep a new one, or the next certificate of one."""
        given = {name: getattr(star, name) for name in ("order_id", "csr", *_CHANGING)}
        _KEEP.run(self._connection, given)

    def postpone_star_order(self, star: StarOrder, until: datetime) -> bool:
        """Take a due one, or put it off; False if somebody else did so."""
        given = {"b_order_id": star.order_id, "b_expected": star.next_issue, "next_issue": until}
        return self._connection.execute(_POSTPONE, given).rowcount == 1

    def stop_star_order(self, order_id: str) -> None:
        """Issue nothing more."""
        self._connection.execute(_STOP, {"b_order_id": order_id})


def _star_of(row: Row[tuple[object, ...]]) -> StarOrder:
    return StarOrder(
        order_id=row.order_id,
        csr=bytes(row.csr),
        issuer=row.issuer,
        serial=row.serial,
        begins=row.begins,
        next_issue=row.next_issue,
    )
