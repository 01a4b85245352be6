"""ACME's orders."""

from dataclasses import replace

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.acme.states import AuthorizationStatus, OrderStage
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER, authorization, order


def test_an_order_comes_back_with_its_authorizations(store: SqlStore) -> None:
    """In order, new and old ones, with the status that they have now."""
    first, second = authorization("z"), authorization("a", "b.example", wildcard=True)
    with store.writing() as tx:
        tx.acme.add_order(order("o1", first), [first])
        tx.acme.add_order(order("o2", first, second), [second])
        assert tx.acme.order("o2") == order("o2", first, second)
        tx.acme.update_authorization("z", AuthorizationStatus.PENDING, AuthorizationStatus.VALID, LATER)
        found = tx.acme.order("o2")
        assert tx.acme.order("none") is None
    assert found is not None
    assert [one.status.value for one in found.authorizations] == ["valid", "pending"]


def test_an_order_without_authorizations(store: SqlStore) -> None:
    """As those by a delegation are."""
    with store.writing() as tx:
        tx.acme.add_order(order("o"), [])
        assert tx.acme.order("o") == order("o")


def test_an_order_moves_from_the_expected_stage(store: SqlStore) -> None:
    """Stage, error, CSR and certificate change; of two at once one wins."""
    part = authorization()
    old = order("o", part)
    new = replace(
        old,
        stage=OrderStage.PROCESSING,
        error="{}",
        csr_hash=b"h",
        issuer=IssuerName("issuing"),
        serial=SerialNumber(2**150),
    )
    with store.writing() as tx:
        tx.acme.add_order(old, [part])
        tx.acme.update_order(old, new)
        assert tx.acme.order("o") == new
        with pytest.raises(Refused) as refused:
            tx.acme.update_order(old, new)
        assert refused.value.reason is Reason.WRONG_STATE


def test_the_list_is_by_id(store: SqlStore) -> None:
    """Behind the last one of the page before."""
    part = authorization()
    with store.writing() as tx:
        tx.acme.add_order(order("b", part), [part])
        for name in "dac":
            tx.acme.add_order(order(name, part), [])
    with store.reading() as tx:
        assert tx.acme.orders_of("acc", "", 3) == ["a", "b", "c"]
        assert tx.acme.orders_of("acc", "c", 3) == ["d"]
        assert tx.acme.orders_of("other", "", 3) == []
