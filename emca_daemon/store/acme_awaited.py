"""Finalized orders that wait until CAA was asked again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from emca_daemon.protocols.acme.records import AwaitedOrder
from emca_daemon.store.acme_tables import awaited_orders
from emca_daemon.store.inserting import InsertNew

_c = awaited_orders.c
_DUE = select(awaited_orders).where(_c.due <= bindparam("now")).order_by(_c.due).limit(bindparam("most"))
_ADD = InsertNew(awaited_orders)
_TAKE = (
    update(awaited_orders)
    .where(_c.order_id == bindparam("b_order_id"), _c.due == bindparam("b_expected"))
    .values(due=bindparam("due"), attempts=_c.attempts + 1)
)
_DROP = delete(awaited_orders).where(_c.order_id == bindparam("b_order_id"))


class AwaitedRows:
    """The part of `protocols.acme.ports.AcmeReader` about waiting orders."""

    __slots__ = ()

    _connection: Connection

    def due_orders(self, now: datetime, limit: int) -> Sequence[AwaitedOrder]:
        """Finalized orders for which CAA is to be asked, longest due first."""
        rows = self._connection.execute(_DUE, {"now": now, "most": limit})
        return [AwaitedOrder(row.order_id, bytes(row.csr), row.due, row.attempts) for row in rows]


class AwaitedWriter(AwaitedRows):
    """The part of `protocols.acme.ports.AcmeRows` about waiting orders."""

    __slots__ = ()

    def await_order(self, awaited: AwaitedOrder) -> None:
        """Keep a finalized order until CAA was asked."""
        given = {"order_id": awaited.order_id, "csr": awaited.csr, "due": awaited.due, "attempts": awaited.attempts}
        _ADD.run(self._connection, given)

    def take_order(self, awaited: AwaitedOrder, until: datetime) -> bool:
        """Take one that is due, for a while; False if somebody else did so."""
        given = {"b_order_id": awaited.order_id, "b_expected": awaited.due, "due": until}
        return self._connection.execute(_TAKE, given).rowcount == 1

    def drop_order(self, order_id: str) -> None:
        """It waits no more."""
        self._connection.execute(_DROP, {"b_order_id": order_id})
