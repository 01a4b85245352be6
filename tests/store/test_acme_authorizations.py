"""ACME's authorizations and challenges."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.records import Challenge
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER, authorization, order
from tests.support.records import NOW

MINUTE = timedelta(minutes=1)


def processing(challenge: Challenge, due: timedelta = timedelta()) -> Challenge:
    """The challenge, started."""
    return replace(challenge, status=ChallengeStatus.PROCESSING, next_attempt=NOW + due)


def test_it_comes_back_with_its_challenges(store: SqlStore) -> None:
    """In order; found by a challenge too."""
    one = authorization(wildcard=True)
    with store.writing() as tx:
        tx.acme.add_authorizations([one, authorization("other")])
        tx.acme.add_authorizations([])
    with store.reading() as tx:
        assert tx.acme.authorization("authz") == tx.acme.challenged("authz-dns-01") == one
        assert tx.acme.authorization("none") is tx.acme.challenged("none") is None


def test_it_moves_from_the_expected_state(store: SqlStore) -> None:
    """And from no other."""
    pending, valid = AuthorizationStatus.PENDING, AuthorizationStatus.VALID
    with store.writing() as tx:
        tx.acme.add_authorizations([authorization()])
        tx.acme.update_authorization("authz", pending, valid, LATER + MINUTE)
        found = tx.acme.authorization("authz")
        assert found is not None
        assert (found.status, found.expires) == (valid, LATER + MINUTE)
        with pytest.raises(Refused) as refused:
            tx.acme.update_authorization("authz", pending, valid, LATER)
        assert refused.value.reason is Reason.WRONG_STATE


def test_valid_ones_are_found_by_identifier(store: SqlStore) -> None:
    """Those that live long enough, longest first; others not."""
    valid = AuthorizationStatus.VALID
    short = authorization("short", "a.example", status=valid)
    long = replace(authorization("long", "b.example", status=valid, wildcard=True), expires=LATER + MINUTE)
    pending, other = authorization("pending", "a.example"), authorization("other", "c.example", status=valid)
    with store.writing() as tx:
        tx.acme.add_authorizations([short, long, pending, other])
    wanted = [AlternativeName(NameType.DNS, value) for value in ("a.example", "b.example")]
    with store.reading() as tx:
        assert [one.id for one in tx.acme.valid_authorizations("acc", wanted, NOW)] == ["long", "short"]
        assert [one.id for one in tx.acme.valid_authorizations("acc", wanted, LATER)] == ["long"]
        assert tx.acme.valid_authorizations("other", wanted, NOW) == []
        addresses = [AlternativeName(NameType.IP, "a.example")]
        assert tx.acme.valid_authorizations("acc", addresses, NOW) == []
        assert tx.acme.valid_authorizations("acc", [], NOW) == []


def test_one_may_be_good_for_one_key(store: SqlStore) -> None:
    """Which order and authorization know, and others have none."""
    one, other = authorization(), authorization("other", "b.example")
    with store.writing() as tx:
        tx.acme.add_order(order("o", one, other), [one, other])
        tx.acme.prove_authorization("authz", "device-attest-01", NOW, LATER, b"k" * 32)
        tx.acme.prove_authorization("other", "http-01", NOW, LATER)
    with store.reading() as tx:
        found, placed = tx.acme.authorization("authz"), tx.acme.order("o")
    assert found is not None
    assert placed is not None
    assert found.attested_key == b"k" * 32
    assert [part.attested_key for part in placed.authorizations] == [b"k" * 32, None]


def test_pending_ones_end_with_their_account(store: SqlStore) -> None:
    """Valid ones stay."""
    with store.writing() as tx:
        tx.acme.add_authorizations([authorization(), authorization("valid", status=AuthorizationStatus.VALID)])
        tx.acme.deactivate_authorizations("acc")
        statuses = [tx.acme.authorization(name) for name in ("authz", "valid")]
    assert [one.status.value for one in statuses if one] == ["deactivated", "valid"]


def test_a_challenge_moves_from_the_expected_state(store: SqlStore) -> None:
    """All its changing fields come back."""
    one = authorization()
    changed = replace(
        processing(one.challenges[0]),
        validated=NOW,
        errors=("{}", "[]"),
        attempts=2,
        lease_holder="me",
        lease_until=LATER,
    )
    with store.writing() as tx:
        tx.acme.add_authorizations([one])
        tx.acme.update_challenge(changed, ChallengeStatus.PENDING)
        found = tx.acme.authorization("authz")
        assert found is not None
        assert found.challenges == (changed, one.challenges[1])
        with pytest.raises(Refused) as refused:
            tx.acme.update_challenge(changed, ChallengeStatus.PENDING)
        assert refused.value.reason is Reason.WRONG_STATE


def test_only_one_challenge_is_kept(store: SqlStore) -> None:
    """Those of other authorizations stay; with none left the authorization is still found."""
    with store.writing() as tx:
        tx.acme.add_authorizations([authorization(), authorization("other")])
        tx.acme.keep_only_challenge("authz", "authz-dns-01")
        found, other = tx.acme.authorization("authz"), tx.acme.authorization("other")
        assert found is not None
        assert other is not None
        assert [one.id for one in found.challenges] == ["authz-dns-01"]
        assert len(other.challenges) == 2
        tx.acme.keep_only_challenge("authz", "none")
        bare = tx.acme.authorization("authz")
        assert bare is not None
        assert bare.challenges == ()


def test_a_lease_is_taken_by_one(store: SqlStore) -> None:
    """When due, until it runs out, and only of a processing challenge."""
    one = authorization()
    http, dns = (challenge.id for challenge in one.challenges)
    with store.writing() as tx:
        tx.acme.add_authorizations([one])
        tx.acme.update_challenge(processing(one.challenges[0], MINUTE), ChallengeStatus.PENDING)
        assert tx.acme.due_challenges(NOW, 10) == []
        assert not tx.acme.lease_challenge(http, "a", NOW, LATER)
        now = NOW + MINUTE
        assert tx.acme.due_challenges(now, 10) == [http]
        assert tx.acme.due_challenges(now, 0) == []
        assert tx.acme.lease_challenge(http, "a", now, now + MINUTE)
        assert not tx.acme.lease_challenge(http, "a", now, now + MINUTE)
        assert tx.acme.due_challenges(now, 10) == []
        assert tx.acme.due_challenges(now + MINUTE, 10) == [http]
        assert tx.acme.lease_challenge(http, "b", now + MINUTE, LATER)
        assert not tx.acme.lease_challenge(dns, "a", now, LATER)


def test_leases_are_given_back(store: SqlStore) -> None:
    """One holder's, or everybody's."""
    ones = [authorization(f"a{number}") for number in range(3)]
    until = NOW + 10 * MINUTE
    with store.writing() as tx:
        tx.acme.add_authorizations(ones)
        for one, holder in zip(ones, "xyz", strict=True):
            tx.acme.update_challenge(processing(one.challenges[0]), ChallengeStatus.PENDING)
            assert tx.acme.lease_challenge(one.challenges[0].id, holder, NOW, until)
        tx.acme.release_challenges("y")
        assert tx.acme.due_challenges(NOW, 10) == [ones[1].challenges[0].id]
        tx.acme.release_challenges("nobody")
        assert len(tx.acme.due_challenges(NOW, 10)) == 1
        tx.acme.release_challenges()
        assert len(tx.acme.due_challenges(NOW, 10)) == 3
