"""Forgetting old orders and authorizations."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER, authorization, order


def test_old_orders_are_forgotten_page_by_page(store: SqlStore) -> None:
    """Those that expired before the given time, with their links; the walk ends with an empty id."""
    part = authorization()
    with store.writing() as tx:
        tx.acme.add_order(order("a", part), [part])
        tx.acme.add_order(replace(order("b", part), expires=LATER + timedelta(days=2)), [])
        tx.acme.add_order(order("c", part), [])
    with store.writing() as tx:
        assert tx.acme.forget_orders("", LATER, 2) == "b"
        assert tx.acme.order("a") is not None
    before = LATER + timedelta(seconds=1)
    with store.writing() as tx:
        assert tx.acme.forget_orders("", before, 2) == "b"
        assert tx.acme.forget_orders("b", before, 2) == ""
        assert [tx.acme.order(name) is None for name in "abc"] == [True, False, True]


def test_old_authorizations_go_with_their_challenges(store: SqlStore) -> None:
    """Young ones stay."""
    old, young = authorization("old"), replace(authorization("young"), expires=LATER + timedelta(days=9))
    with store.writing() as tx:
        tx.acme.add_order(order("o", old, young), [old, young])
        assert tx.acme.forget_authorizations("", LATER + timedelta(days=1), 10) == ""
        assert tx.acme.authorization("old") is None
        assert tx.acme.challenged("old-http-01") is None
        assert tx.acme.authorization("young") == young
