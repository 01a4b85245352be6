"""Replacements and renewal plans."""

from dataclasses import replace

from emca_daemon.names import IssuerName
from emca_daemon.protocols.acme.records import RenewalPlan
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER, authorization, order
from tests.support.records import NOW

PLAN = RenewalPlan("p", IssuerName("a"), None, "why", None, NOW, LATER, NOW)


def test_the_last_replacement_counts(store: SqlStore) -> None:
    """It is forgotten with its order."""
    part = authorization()
    with store.writing() as tx:
        assert tx.acme.replacement("x.y") is None
        tx.acme.replace_certificate("x.y", "one")
        tx.acme.replace_certificate("x.y", "two")
        assert tx.acme.replacement("x.y") == "two"
        tx.acme.add_order(replace(order("two", part), replaces="x.y"), [part])
        tx.acme.forget_orders("", LATER.replace(year=2099), 10)
        assert tx.acme.replacement("x.y") is None


def test_plans_are_listed_and_cancelled(store: SqlStore) -> None:
    """By issuer, oldest first."""
    other = replace(PLAN, id="q", issuer=IssuerName("b"), profile="short", explanation="https://x/", created=LATER)
    with store.writing() as tx:
        tx.acme.add_renewal_plan(other)
        tx.acme.add_renewal_plan(PLAN)
        assert tx.acme.renewal_plans() == [PLAN, other]
        assert tx.acme.renewal_plans(IssuerName("b")) == [other]
        assert tx.acme.cancel_renewal_plan("p", LATER)
        assert not tx.acme.cancel_renewal_plan("p", LATER)
        assert not tx.acme.cancel_renewal_plan("none", LATER)
        assert tx.acme.renewal_plans(IssuerName("a")) == [replace(PLAN, cancelled=LATER)]
