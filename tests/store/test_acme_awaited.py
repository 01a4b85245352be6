"""Finalized orders that wait."""

from dataclasses import replace

from emca_daemon.protocols.acme.records import AwaitedOrder
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER
from tests.support.records import NOW

WAITING = AwaitedOrder("o", b"csr", NOW)


def test_an_order_waits_is_taken_and_dropped(store: SqlStore) -> None:
    """Taken once at a time, and counted; nothing is left in the end."""
    with store.writing() as tx:
        tx.acme.await_order(WAITING)
        tx.acme.await_order(replace(WAITING, order_id="later", due=LATER))
        assert tx.acme.due_orders(NOW, 10) == [WAITING]
        assert tx.acme.take_order(WAITING, LATER)
        assert not tx.acme.take_order(WAITING, LATER)
        assert tx.acme.due_orders(NOW, 10) == []
        found = {one.order_id: one.attempts for one in tx.acme.due_orders(LATER, 10)}
        assert found == {"o": 1, "later": 0}
        tx.acme.drop_order("o")
        tx.acme.drop_order("later")
        assert tx.acme.due_orders(LATER, 10) == []
