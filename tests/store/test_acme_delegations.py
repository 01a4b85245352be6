"""What was delegated to accounts."""

from dataclasses import replace

from emca_daemon.protocols.acme.records import Delegation
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER, authorization, order
from tests.support.records import NOW

FULL = Delegation("one", "acc", '{"keyTypes":[]}', LATER, (("a.example", "b.example"),), "note")
BARE = Delegation("two", "other", "{}", NOW)


def test_a_delegation_comes_back_as_it_was_given(store: SqlStore) -> None:
    """By its id, among its account's, among all of them."""
    with store.writing() as tx:
        tx.acme.add_delegation(FULL)
        tx.acme.add_delegation(BARE)
        assert tx.acme.delegation("one") == FULL
        assert tx.acme.delegation("none") is None
        assert tx.acme.delegations("acc") == [FULL]
        assert tx.acme.delegations() == [BARE, FULL]


def test_a_delegation_is_revoked_once(store: SqlStore) -> None:
    """It stays, with the time."""
    with store.writing() as tx:
        tx.acme.add_delegation(BARE)
        assert [tx.acme.revoke_delegation(one, LATER) for one in ("two", "two", "none")] == [True, False, False]
        assert tx.acme.delegation("two") == replace(BARE, revoked=LATER)


def test_orders_keep_theirs(store: SqlStore) -> None:
    """And whether everybody may download the certificate."""
    part = authorization()
    placed = replace(order("order", part), delegation="one", open_to_all=True)
    with store.writing() as tx:
        tx.acme.add_order(placed, [part])
        assert tx.acme.order("order") == placed
