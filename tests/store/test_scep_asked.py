"""Contract of what somebody else was asked about, on every database."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.scep.asked_records import Asked
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

HOUR = timedelta(hours=1)
ASKED = Asked("a", "site", b"\x00T1", NOW, NOW + HOUR, b"\x30\x00", asking=NOW + HOUR)
ANSWERED = replace(
    ASKED,
    asking=None,
    identity="fleet/7",
    issuer=IssuerName("ca"),
    serial=SerialNumber(7),
    failure="why",
    due=NOW,
    attempts=3,
)


def test_a_row_is_added_once_and_changed_by_who_saw_it_last(store: SqlStore) -> None:
    """The version decides: of two that saw the same one wins."""
    with store.writing() as tx:
        assert tx.scep_asked.add(ASKED)
        assert not tx.scep_asked.add(replace(ASKED, identity="other"))
    with store.reading() as tx:
        assert tx.scep_asked.get("a") == ASKED
        assert tx.scep_asked.get("b") is None
    with store.writing() as tx:
        assert tx.scep_asked.change(ANSWERED)
        assert not tx.scep_asked.change(replace(ANSWERED, identity="late"))
        assert not tx.scep_asked.change(replace(ANSWERED, transaction="b"))
        assert tx.scep_asked.get("a") == replace(ANSWERED, version=1)


def test_what_is_due_comes_in_order(store: SqlStore) -> None:
    """The longest due first, no more than asked for, nothing that is due later or never."""
    with store.writing() as tx:
        for name, due in (("late", NOW + HOUR), ("second", NOW), ("first", NOW - HOUR), ("never", None)):
            tx.scep_asked.add(replace(ANSWERED, transaction=name, due=due))
    with store.reading() as tx:
        assert [one.transaction for one in tx.scep_asked.due(NOW, 9)] == ["first", "second"]
        assert [one.transaction for one in tx.scep_asked.due(NOW, 1)] == ["first"]


def test_what_has_expired_is_forgotten_once_it_is_told(store: SqlStore) -> None:
    """What is still to be told stays."""
    with store.writing() as tx:
        tx.scep_asked.add(ASKED)
        tx.scep_asked.add(replace(ASKED, transaction="due", due=NOW))
        assert not tx.scep_asked.overdue(NOW)
        assert tx.scep_asked.overdue(NOW + HOUR)
        assert tx.scep_asked.forget(NOW + HOUR, 9) == 1
        assert tx.scep_asked.get("a") is None
        due = replace(ASKED, transaction="due", due=NOW)
        assert not tx.scep_asked.remove(replace(due, version=1))
        assert tx.scep_asked.remove(due)
        assert not tx.scep_asked.remove(due)
