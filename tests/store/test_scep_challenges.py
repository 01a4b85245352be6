"""Contract of SCEP's challenges, devices and uses, on every database."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.names import AlternativeName, IssuerName, NameType, SerialNumber, SubjectAttribute
from emca_daemon.protocols.scep.challenge_records import Challenge, Device, Use, digest_of
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

HOUR = timedelta(hours=1)
CHALLENGE = Challenge("1", "site", digest_of(b"one"), "operator", "alice", NOW, NOW + HOUR)
BOUND = Challenge(
    id="2",
    endpoint="site",
    digest=digest_of(b"two"),
    source="page",
    made_by="bob",
    created=NOW,
    expires=NOW + 2 * HOUR,
    most_uses=3,
    subject=(SubjectAttribute("2.5.4.10", "Ö"), SubjectAttribute("2.5.4.3", "x")),
    names=frozenset({AlternativeName(NameType.DNS, "b.example"), AlternativeName(NameType.DNS, "a.example")}),
    note="for the printer",
)
DEVICE = Device("d1", "site", "ACME", "Printer", "SN-1", "alice", NOW, "hall")
OF_DEVICE = replace(CHALLENGE, id="3", digest=digest_of(b"three"), source="device", device="d1")
USE = Use("1", "request-1", NOW, IssuerName("ca"), SerialNumber(7))


def test_challenges_are_found_as_they_were_kept(store: SqlStore) -> None:
    """By id, by the hash of the secret at their endpoint, and in a list; those of devices by their device."""
    with store.writing() as tx:
        for challenge in (CHALLENGE, BOUND, OF_DEVICE, replace(OF_DEVICE, id="4", digest=b"4" * 32)):
            tx.scep_challenges.add(challenge)
    with store.reading() as tx:
        rows = tx.scep_challenges
        assert rows.get("2") == BOUND
        assert rows.get("5") is None
        assert rows.by_digest("site", digest_of(b"two")) == BOUND
        assert rows.by_digest("other", digest_of(b"two")) is None
        assert rows.of_device("d1") == replace(OF_DEVICE, id="4", digest=b"4" * 32)
        assert rows.of_device("d2") is None
    with store.writing() as tx:
        tx.scep_challenges.revoke("4", NOW)
        assert tx.scep_challenges.of_device("d1") == OF_DEVICE
    with store.reading() as tx:
        rows = tx.scep_challenges
        assert list(rows.list(None, 9)) == [CHALLENGE, BOUND]
        assert list(rows.list("site", 1)) == [CHALLENGE]
        assert list(rows.list("site", 9, after="1")) == [BOUND]
        assert list(rows.list("other", 9)) == []


def test_a_secret_is_kept_once(store: SqlStore) -> None:
    """For an endpoint: two challenges with one secret could not be told apart."""
    with store.writing() as tx:
        tx.scep_challenges.add(CHALLENGE)
        tx.scep_challenges.add(replace(CHALLENGE, id="9", endpoint="other"))
        with pytest.raises(ValueError, match="already"):
            tx.scep_challenges.add(replace(CHALLENGE, id="8"))


def test_a_use_is_counted_as_often_as_allowed(store: SqlStore) -> None:
    """Each request once; nothing is counted for what is refused."""
    with store.writing() as tx:
        tx.scep_challenges.add(replace(CHALLENGE, most_uses=2))
        assert tx.scep_challenges.take(USE)
        assert not tx.scep_challenges.take(USE)
        assert tx.scep_challenges.take(Use("1", "request-2", NOW, pending="p"))
        assert not tx.scep_challenges.take(Use("1", "request-3", NOW))
        assert not tx.scep_challenges.take(Use("9", "request-1", NOW))
        found = tx.scep_challenges.get("1")
        assert found is not None
        assert found.uses == 2
        assert found.used_up
        assert tx.scep_challenges.use("1", "request-1") == USE
        assert tx.scep_challenges.use("1", "request-2") == Use("1", "request-2", NOW, pending="p")
        assert tx.scep_challenges.use("1", "request-3") is None


def test_nothing_expired_or_revoked_is_used(store: SqlStore) -> None:
    """At the moment of its end no more; revoked once."""
    with store.writing() as tx:
        tx.scep_challenges.add(CHALLENGE)
        assert not tx.scep_challenges.take(replace(USE, created=NOW + HOUR))
        assert tx.scep_challenges.revoke("1", NOW)
        assert not tx.scep_challenges.revoke("1", NOW)
        assert not tx.scep_challenges.revoke("9", NOW)
        assert not tx.scep_challenges.take(USE)
        assert tx.scep_challenges.get("1") == replace(CHALLENGE, revoked=NOW)


def test_a_use_that_came_to_nothing_is_replaced_or_given_back(store: SqlStore) -> None:
    """Replaced by who knows what it was; not counted twice, and not once the challenge is revoked."""
    later = replace(USE, created=NOW + HOUR, serial=SerialNumber(8))
    with store.writing() as tx:
        tx.scep_challenges.add(CHALLENGE)
        tx.scep_challenges.take(USE)
        assert tx.scep_challenges.take_again(later, USE)
        assert not tx.scep_challenges.take_again(later, USE)
        assert tx.scep_challenges.use("1", "request-1") == later
        assert tx.scep_challenges.give_back("1", "request-1")
        assert not tx.scep_challenges.give_back("1", "request-1")
        assert tx.scep_challenges.get("1") == CHALLENGE
        tx.scep_challenges.take(USE)
        tx.scep_challenges.revoke("1", NOW)
        assert not tx.scep_challenges.take_again(later, USE)


def test_outstanding_are_those_that_can_be_used(store: SqlStore) -> None:
    """Of one source at one endpoint."""
    with store.writing() as tx:
        for number in range(4):
            digest = bytes([number]) * 32
            tx.scep_challenges.add(replace(CHALLENGE, id=f"p{number}", digest=digest, source="page"))
        tx.scep_challenges.add(CHALLENGE)
        assert tx.scep_challenges.outstanding("site", "page", NOW) == 4
        tx.scep_challenges.take(replace(USE, challenge="p1"))
        tx.scep_challenges.revoke("p2", NOW)
        assert tx.scep_challenges.outstanding("site", "page", NOW) == 2
        assert tx.scep_challenges.outstanding("other", "page", NOW) == 0
        assert tx.scep_challenges.outstanding("site", "page", NOW + HOUR) == 0


def test_devices_are_registered_once_and_removed_whole(store: SqlStore) -> None:
    """With their challenges and what those were used for."""
    with store.writing() as tx:
        assert tx.scep_challenges.add_device(DEVICE)
        assert not tx.scep_challenges.add_device(replace(DEVICE, id="d2"))
        assert tx.scep_challenges.add_device(replace(DEVICE, id="d3", endpoint="other"))
        tx.scep_challenges.add(OF_DEVICE)
        tx.scep_challenges.take(replace(USE, challenge="3"))
    with store.writing() as tx:
        assert tx.scep_challenges.device("d1") == DEVICE
        assert [one.id for one in tx.scep_challenges.devices(None, 9)] == ["d1", "d3"]
        assert [one.id for one in tx.scep_challenges.devices("site", 9)] == ["d1"]
        assert [one.id for one in tx.scep_challenges.devices(None, 1, after="d1")] == ["d3"]
        assert tx.scep_challenges.remove_device("d1")
        assert not tx.scep_challenges.remove_device("d1")
        assert tx.scep_challenges.device("d1") is None
        assert tx.scep_challenges.get("3") is None
        assert tx.scep_challenges.use("3", "request-1") is None


def test_what_is_over_is_forgotten_but_for_devices(store: SqlStore) -> None:
    """Expired or revoked before that time, with its uses, at most so many at once."""
    with store.writing() as tx:
        for challenge in (CHALLENGE, BOUND, OF_DEVICE):
            tx.scep_challenges.add(challenge)
        tx.scep_challenges.take(USE)
        assert not tx.scep_challenges.overdue(NOW)
        tx.scep_challenges.revoke("2", NOW)
        assert tx.scep_challenges.overdue(NOW)
        assert tx.scep_challenges.forget(NOW + HOUR, 1) == 1
        assert tx.scep_challenges.use("1", "request-1") is None
        assert tx.scep_challenges.forget(NOW + HOUR, 9) == 1
        assert not tx.scep_challenges.overdue(NOW + HOUR)
        assert tx.scep_challenges.get("3") == OF_DEVICE


def test_of_two_that_race_for_the_last_use_one_wins(open_store: Callable[[], SqlStore]) -> None:
    """Two processes take it in transactions that overlap."""
    first, second = open_store(), open_store()
    with first.writing() as tx:
        tx.scep_challenges.add(CHALLENGE)
    won: list[bool] = []
    begun = threading.Event()

    def other() -> None:
        begun.set()
        with second.writing() as tx:
            won.append(tx.scep_challenges.take(replace(USE, transaction="request-2")))

    racer = threading.Thread(target=other)
    with first.writing() as tx:
        assert tx.scep_challenges.take(USE)
        racer.start()
        begun.wait(5)
    racer.join(10)
    assert won == [False]
    with first.reading() as reading:
        found = reading.scep_challenges.get("1")
        assert found is not None
        assert found.uses == 1
