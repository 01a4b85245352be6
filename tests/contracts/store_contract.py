"""What every store must do for issuers, CRLs, the audit chain, requests that wait and leases; run on each database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.ca.audit import GENESIS, verify
from emca_daemon.ca.ports import Store
from emca_daemon.ca.records import IssuerState, RequestState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from tests.support.records import (
    ISSUER,
    NOW,
    REVOKED,
    approved,
    crl,
    event,
    fail_after,
    intent,
    issuer,
    revoked,
    waiting,
)

LONG_AGO, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)


class IssuersContract:
    """A mixin: the class that takes it provides `store`."""

    def test_an_issuer_comes_back_as_it_was_given(self, store: Store) -> None:
        """With all fields set, and with all optional ones left out."""
        full = issuer()
        bare = replace(full, name=IssuerName("bare"), chain=(), parent=None, csr=None, pss=False)
        with store.writing() as tx:
            tx.issuers.add(full)
            tx.issuers.add(bare)
        with store.reading() as tx:
            assert tx.issuers.get(full.name) == full
            assert tx.issuers.get(bare.name) == bare
            assert tx.issuers.get(IssuerName("other")) is None

    def test_a_name_is_taken_once(self, store: Store) -> None:
        """A second issuer of the name is refused, and the transaction goes on."""
        with store.writing() as tx:
            tx.issuers.add(issuer())
            with pytest.raises(Refused) as refused:
                tx.issuers.add(issuer())
            tx.issuers.add(issuer("another"))
        assert refused.value.reason is Reason.WRONG_STATE
        with store.reading() as tx:
            assert len(tx.issuers.all()) == 2

    def test_issuers_are_listed_oldest_first(self, store: Store) -> None:
        """Whatever their names."""
        with store.writing() as tx:
            tx.issuers.add(issuer("a", created=LATER))
            tx.issuers.add(issuer("z", created=LONG_AGO))
        with store.reading() as tx:
            assert [known.name for known in tx.issuers.all()] == ["z", "a"]

    def test_every_change_changes_the_version(self, store: Store) -> None:
        """Adding and updating do; an update replaces the issuer."""
        versions = []
        for change in ("none", "add", "update", "update"):
            with store.writing() as tx:
                if change == "add":
                    tx.issuers.add(issuer())
                if change == "update":
                    tx.issuers.update(replace(issuer(), state=IssuerState.REVOKED))
            with store.reading() as tx:
                versions.append(tx.issuers.version())
        assert len(set(versions)) == 4
        with store.reading() as tx:
            found = tx.issuers.get(ISSUER)
        assert found is not None
        assert found.state is IssuerState.REVOKED

    def test_an_unknown_issuer_cannot_be_updated(self, store: Store) -> None:
        """It is refused as not found."""
        with store.writing() as tx, pytest.raises(Refused) as refused:
            tx.issuers.update(issuer())
        assert refused.value.reason is Reason.NOT_FOUND


class CrlsContract:
    """A mixin: the class that takes it provides `store`."""

    def test_numbers_rise(self, store: Store) -> None:
        """Within a transaction and across; each issuer counts for itself."""
        with store.writing() as tx:
            first, _ = tx.crls.next_number(ISSUER)
            second, _ = tx.crls.next_number(ISSUER)
        with store.writing() as tx:
            third, _ = tx.crls.next_number(ISSUER)
            other, _ = tx.crls.next_number(IssuerName("other"))
        assert (first, second, third, other) == (1, 2, 3, 1)

    def test_status_changes_are_counted(self, store: Store) -> None:
        """Revoking, releasing and abandoning count, issuing does not; a new number counts nothing."""
        with store.reading() as tx:
            assert tx.crls.changes(ISSUER) == 0
        revoked(store)
        with store.writing() as tx:
            assert tx.crls.next_number(ISSUER) == (1, 1)
            lost = intent()
            tx.certificates.intend(lost)
            tx.certificates.abandon(ISSUER, lost.serial, REVOKED)
        with store.reading() as tx:
            assert tx.crls.changes(ISSUER) == 2
            assert tx.crls.changes(IssuerName("other")) == 0

    def test_the_latest_is_the_full_one_with_the_highest_number(self, store: Store) -> None:
        """Delta CRLs are part of the history only, and may share a full one's number."""
        with store.writing() as tx:
            assert tx.crls.latest(ISSUER) is None
            tx.crls.publish(crl(1))
            tx.crls.publish(crl(3, changes=2))
            tx.crls.publish(crl(3, base=1))
            tx.crls.publish(crl(4, base=3))
        with store.reading() as tx:
            assert tx.crls.latest(ISSUER) == crl(3, changes=2)
            assert tx.crls.latest(IssuerName("other")) is None
            numbers = [(known.number, known.base_number) for known in tx.crls.history(ISSUER, 3)]
        assert numbers == [(4, 3), (3, None), (3, 1)]

    @pytest.mark.parametrize("number", [1, 4, 5])
    def test_a_number_is_never_published_twice_nor_a_lower_one(self, store: Store, number: int) -> None:
        """Neither changes what is the latest."""
        with store.writing() as tx:
            tx.crls.publish(crl(5))
            with pytest.raises(Refused) as refused:
                tx.crls.publish(crl(number))
        assert refused.value.reason is Reason.WRONG_STATE
        with store.reading() as tx:
            assert tx.crls.history(ISSUER, 9) == [crl(5)]

    def test_old_crls_lose_their_body(self, store: Store) -> None:
        """The three newest keep it; the history keeps the rest of all."""
        for number in range(1, 6):
            with store.writing() as tx:
                tx.crls.publish(crl(number))
        with store.reading() as tx:
            history = tx.crls.history(ISSUER, 1 << 70)
        assert [known.number for known in history] == [5, 4, 3, 2, 1]
        assert [bool(known.der) for known in history] == [True, True, True, False, False]


class AuditContract:
    """A mixin: the class that takes it provides `store`."""

    def test_the_chain_begins_with_nothing(self, store: Store) -> None:
        """Number 0, a hash of zeros, no events."""
        with store.reading() as tx:
            assert tx.audit.head() == (0, GENESIS)
            assert list(tx.audit.walk()) == []

    def test_events_are_chained_in_order(self, store: Store) -> None:
        """They come back as they were given, and the chain holds."""
        events = [event("a", text='"\\ü\0\ud800', number=-3, yes=True, nothing=None), event("b"), event("c")]
        with store.writing() as tx:
            tx.audit.append(events[0])
            tx.audit.append(events[1])
        with store.writing() as tx:
            tx.audit.append(events[2])
        with store.reading() as tx:
            walked = list(tx.audit.walk())
            report = verify(tx.audit.walk(), tx.audit.head())
        assert [sealed.event for sealed in walked] == events
        assert [sealed.number for sealed in walked] == [1, 2, 3]
        assert (report.events, report.fault) == (3, None)

    def test_a_walk_starts_anywhere(self, store: Store) -> None:
        """At the number asked for."""
        with store.writing() as tx:
            for number in range(5):
                tx.audit.append(event(str(number)))
        with store.reading() as tx:
            assert [sealed.number for sealed in tx.audit.walk(4)] == [4, 5]

    def test_what_was_rolled_back_leaves_no_gap(self, store: Store) -> None:
        """The next event has the number that the lost one would have had."""
        fail_after(store, lambda tx: tx.audit.append(event("lost")))
        with store.writing() as tx:
            tx.audit.append(event("kept"))
        with store.reading() as reading:
            [sealed] = reading.audit.walk()
        assert (sealed.number, sealed.event.action) == (1, "kept")


class PendingContract:
    """A mixin: the class that takes it provides `store`."""

    def test_a_request_comes_back_as_it_was_given(self, store: Store) -> None:
        """Waiting, and with a decision."""
        with store.writing() as tx:
            tx.pending.add(waiting())
            tx.pending.add(approved(waiting("request-2")))
        with store.reading() as tx:
            assert tx.pending.get("request-1") == waiting()
            assert tx.pending.get("request-2") == approved(waiting("request-2"))
            assert tx.pending.get("request-3") is None
            assert len(tx.pending.list(None, 1 << 70)) == 2

    def test_an_id_is_taken_once(self, store: Store) -> None:
        """The first request stays."""
        with store.writing() as tx:
            tx.pending.add(waiting())
            with pytest.raises(Refused) as refused:
                tx.pending.add(approved(waiting()))
            assert tx.pending.get("request-1") == waiting()
        assert refused.value.reason is Reason.WRONG_STATE

    def test_a_reference_finds_the_newest_request(self, store: Store) -> None:
        """Of that protocol."""
        with store.writing() as tx:
            tx.pending.add(waiting("old", created=LONG_AGO))
            tx.pending.add(waiting("new", created=LATER))
            tx.pending.add(waiting("middle"))
            tx.pending.add(replace(waiting("other", created=LATER + timedelta(days=1)), protocol="cmp"))
        with store.reading() as tx:
            found = tx.pending.find("acme", "order-1")
            assert tx.pending.find("acme", "order-2") is None
        assert found is not None
        assert found.id == "new"

    def test_requests_are_listed_oldest_first(self, store: Store) -> None:
        """All, or those in one state; at most as many as asked for."""
        with store.writing() as tx:
            tx.pending.add(waiting("new", created=LATER))
            tx.pending.add(waiting("old", created=LONG_AGO))
            tx.pending.add(approved(waiting("done")))
        with store.reading() as tx:
            assert [request.id for request in tx.pending.list(None)] == ["old", "done", "new"]
            assert [request.id for request in tx.pending.list(RequestState.WAITING)] == ["old", "new"]
            assert [request.id for request in tx.pending.list(RequestState.WAITING, 1)] == ["old"]
            assert tx.pending.list(RequestState.ISSUED) == []

    def test_only_the_expected_state_is_replaced(self, store: Store) -> None:
        """The second of two decisions is refused."""
        with store.writing() as tx:
            tx.pending.add(waiting())
            tx.pending.update(approved(waiting()), RequestState.WAITING)
            with pytest.raises(Refused) as refused:
                tx.pending.update(replace(waiting(), state=RequestState.REJECTED), RequestState.WAITING)
        assert refused.value.reason is Reason.WRONG_STATE
        with store.reading() as tx:
            assert tx.pending.get("request-1") == approved(waiting())


class LeasesContract:
    """A mixin: the class that takes it provides `store`."""

    def test_a_lease_has_one_holder(self, store: Store) -> None:
        """Another gets it once it has run out; the holder may renew it; each name is a lease of its own."""
        with store.writing() as tx:
            assert tx.leases.take("crl", "one", NOW, NOW + timedelta(seconds=60))
            assert not tx.leases.take("crl", "two", NOW, NOW + timedelta(seconds=60))
            assert tx.leases.take("ocsp", "two", NOW, NOW + timedelta(seconds=60))
            assert tx.leases.take("crl", "one", NOW, NOW + timedelta(seconds=90))
            assert not tx.leases.take("crl", "two", NOW + timedelta(seconds=89), LATER)
            assert tx.leases.take("crl", "two", NOW + timedelta(seconds=90), LATER)
            assert not tx.leases.take("crl", "one", NOW + timedelta(seconds=90), LATER)

    def test_a_lease_can_be_given_back(self, store: Store) -> None:
        """By its holder only."""
        with store.writing() as tx:
            tx.leases.take("crl", "one", NOW, LATER)
            tx.leases.give_back("crl", "two")
            assert not tx.leases.take("crl", "two", NOW, LATER)
            tx.leases.give_back("crl", "one")
            assert tx.leases.take("crl", "two", NOW, LATER)
