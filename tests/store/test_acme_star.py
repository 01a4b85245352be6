"""Orders that are renewed automatically."""

from dataclasses import replace

from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.acme.records import StarOrder
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER, authorization, order
from tests.support.records import NOW

STAR = StarOrder("o", b"csr", IssuerName("a"), SerialNumber(2**150), NOW, LATER)


def test_the_next_certificate_takes_the_place_of_the_last(store: SqlStore) -> None:
    """The CSR stays."""
    following = replace(STAR, serial=SerialNumber(7), begins=LATER, next_issue=None)
    with store.writing() as tx:
        tx.acme.keep_star_order(STAR)
        assert tx.acme.star_order("o") == STAR
        assert tx.acme.is_star_certificate(STAR.issuer, STAR.serial)
        tx.acme.keep_star_order(following)
        assert tx.acme.star_order("o") == following
        assert not tx.acme.is_star_certificate(STAR.issuer, STAR.serial)
        assert tx.acme.star_order("other") is None


def test_what_is_due_is_taken_once(store: SqlStore) -> None:
    """Not before its time, and not once it was stopped; it is forgotten with its order."""
    part = authorization()
    with store.writing() as tx:
        tx.acme.add_order(order("o", part), [part])
        tx.acme.keep_star_order(STAR)
        assert tx.acme.due_star_orders(NOW, 10) == []
        assert tx.acme.due_star_orders(LATER, 10) == [STAR]
        assert tx.acme.postpone_star_order(STAR, LATER.replace(year=2050))
        assert not tx.acme.postpone_star_order(STAR, LATER.replace(year=2050))
        assert tx.acme.due_star_orders(LATER, 10) == []
        tx.acme.stop_star_order("o")
        assert tx.acme.due_star_orders(LATER.replace(year=2099), 10) == []
        tx.acme.forget_orders("", LATER.replace(year=2099), 10)
        assert tx.acme.star_order("o") is None
