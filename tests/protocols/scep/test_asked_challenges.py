"""Tests of emca_daemon.protocols.scep.asked_challenges."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from emca_daemon.ca.records import RevocationReason
from emca_daemon.ca.recovery import abandon_open_intents
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName, ProfileName, SerialNumber
from emca_daemon.protocols.scep.asked_challenges import AskedChallenges
from emca_daemon.protocols.scep.asked_records import Asked, Notice
from emca_daemon.protocols.scep.challenges import Admission, Attempt
from tests.support.ca_world import BY, ISSUING
from tests.support.scep_world import Client, ScepWorld, settings

PATIENCE = timedelta(seconds=20)


@dataclass
class Oracle:
    """Says yes to everybody but those it is told to refuse; remembers what it was asked."""

    proof: str = "oracle"
    tells: bool = True
    wants_request: bool = True
    identity: str = "fleet/7"
    refusal: Refused | None = None
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = field(default=lambda: None)

    def judge(self, attempt: Attempt) -> str:
        """Decide."""
        self.asked.append(attempt.transaction)
        self.meanwhile()
        if self.refusal is not None:
            raise self.refusal
        return self.identity

    def tell(self, notice: Notice) -> None:
        """Nobody tells here."""
        raise AssertionError(notice)


def guarded(oracle: Oracle, *, profile: str = "device") -> tuple[ScepWorld, Client]:
    """An endpoint that asks it, and a client."""
    world = ScepWorld(settings(profile=ProfileName(profile)))
    world.guard(
        AskedChallenges(
            oracle,
            world.store,
            world.clock,
            patience=PATIENCE,
            lifetime=timedelta(days=1),
            wait=timedelta(days=30),
        )
    )
    return world, Client(world)


def kept(world: ScepWorld, oracle: Oracle) -> Asked | None:
    """What is kept of the last request."""
    with world.store.reading() as tx:
        return tx.scep_asked.get(oracle.asked[-1])


def test_a_yes_is_kept_with_what_came_of_it() -> None:
    """The certificate belongs to whom the judge names; that it was issued is to be told."""
    oracle = Oracle()
    world, client = guarded(oracle)
    certificate = client.issued(client.enroll())
    assert client.issued(client.enroll()) == certificate
    assert len(oracle.asked) == 1
    asked = kept(world, oracle)
    assert asked is not None
    assert (asked.identity, asked.serial, asked.due) == ("fleet/7", certificate.serial_number, world.clock())
    assert asked.request == client.csr()
    assert asked.transaction_id == client.transaction_id
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, SerialNumber(certificate.serial_number))
    assert record is not None
    assert record.intent.requester == "fleet/7"


def test_a_retry_after_an_outage_of_ours_is_not_asked_about_again() -> None:
    """The judge used the challenge up the first time."""
    oracle = Oracle()
    world, client = guarded(oracle)
    get = world.keys.get

    def down(name: KeyName) -> object:
        if name == "memory:issuing":
            raise Refused(Reason.UNAVAILABLE, "the token does not answer")
        return get(name)

    world.keys.get = down  # type: ignore[assignment,method-assign]
    assert world.post(client.message(client.csr())).status == 503
    world.keys.get = get  # type: ignore[method-assign]
    asked = kept(world, oracle)
    assert asked is not None
    assert (asked.serial, asked.failure, asked.due) == (None, "", None)
    oracle.refusal = Refused(Reason.NOT_AUTHENTICATED, "used already")
    assert client.issued(client.enroll())
    assert len(oracle.asked) == 1


@pytest.mark.parametrize("error", [Refused(Reason.UNAVAILABLE, "the token is gone"), MemoryError()])
def test_a_crash_behind_the_answer_costs_the_client_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Nor does a signature that fails: the serial number is abandoned, the answer counts once more."""

    def fail(*_: object, **__: object) -> bytes:
        raise error

    oracle = Oracle()
    world, client = guarded(oracle)
    monkeypatch.setattr("emca_daemon.ca.cycle.sign_certificate", fail)
    with nullcontext() if isinstance(error, Refused) else pytest.raises(MemoryError):
        assert world.post(client.message(client.csr())).status == 503
    monkeypatch.undo()
    asked = kept(world, oracle)
    assert asked is not None
    assert (asked.serial is None, asked.due) == (isinstance(error, Refused), None)
    world.clock.advance(minutes=5)
    abandon_open_intents(world.store, BY, world.clock, timedelta(seconds=60))
    assert client.issued(client.enroll())
    assert len(oracle.asked) == 1


def test_a_no_is_not_kept() -> None:
    """It is badRequest and audited; the judge may think otherwise the next time."""
    oracle = Oracle(refusal=Refused(Reason.NOT_AUTHENTICATED, "no such device"))
    world, client = guarded(oracle)
    reply = client.enroll()
    assert (reply.status, reply.fail_info, reply.text) == ("2", "2", "no such device")
    assert kept(world, oracle) is None
    assert "no such device" in world.refusals()
    oracle.refusal = None
    assert client.issued(client.enroll())


def test_no_answer_is_a_503_and_audited() -> None:
    """Nothing is half-written, and the same request is asked about again."""
    oracle = Oracle(refusal=Refused(Reason.UNAVAILABLE, "it cannot be talked to", retry_after=5))
    world, client = guarded(oracle)
    response = world.post(client.message(client.csr()))
    assert (response.status, response.header("retry-after")) == (503, "5")
    assert kept(world, oracle) is None
    with world.store.reading() as tx:
        events = [one.event for one in tx.audit.walk() if one.event.action == "scep.challenge.ask"]
    assert [(one.outcome, one.details["detail"]) for one in events] == [("failed", "it cannot be talked to")]
    oracle.refusal = None
    assert client.issued(client.enroll())


def test_two_at_once_ask_once() -> None:
    """The second is told to come again; whoever died while asking is waited for no longer than a judge may take."""
    oracle = Oracle()
    world, client = guarded(oracle)
    statuses = []

    def again() -> None:
        oracle.meanwhile = lambda: None
        statuses.append(world.post(client.message(client.csr())).status)

    oracle.meanwhile = again
    assert client.issued(client.enroll())
    assert statuses == [503]
    assert len(oracle.asked) == 1


def test_who_died_while_asking_is_waited_for_as_long_as_a_judge_may_take() -> None:
    """Then the same is asked again."""
    oracle = Oracle()
    world, client = guarded(oracle)

    def dies() -> None:
        raise MemoryError

    oracle.meanwhile = dies
    with pytest.raises(MemoryError):
        client.enroll()
    oracle.meanwhile = lambda: None
    assert world.post(client.message(client.csr())).status == 503
    world.clock.advance(seconds=PATIENCE.total_seconds())
    assert client.issued(client.enroll())
    assert len(oracle.asked) == 2


@pytest.mark.parametrize("refusal", [None, Refused(Reason.NOT_AUTHENTICATED, "used already")])
def test_an_answer_that_came_too_late_is_none(refusal: Refused | None) -> None:
    """Somebody else has asked by then, and keeps what they were answered."""
    oracle = Oracle()
    world, client = guarded(oracle)

    def slow() -> None:
        oracle.meanwhile = lambda: None
        world.clock.advance(minutes=1)
        assert client.issued(client.enroll())
        oracle.refusal = refusal

    oracle.meanwhile = slow
    response = world.post(client.message(client.csr()))
    assert response.status == (503 if refusal is None else 200)
    assert len(oracle.asked) == 2
    asked = kept(world, oracle)
    assert asked is not None
    assert asked.serial is not None


def test_an_answer_is_used_by_one_request_at_a_time() -> None:
    """Whoever comes second with it is told to come again, and nothing is written."""
    oracle = Oracle(tells=False)
    for profile, status in (("device", "0"), ("device-manual", "3")):
        world, client = guarded(oracle, profile=profile)
        admitted = []
        policy = world.endpoint.challenges
        check = policy.check

        def twice(attempt: Attempt, check: Callable[[Attempt], Admission] = check) -> Admission:
            admitted.extend([check(attempt), check(attempt)])  # noqa: B023
            return admitted[0]  # noqa: B023

        policy.check = twice  # type: ignore[method-assign]
        assert client.enroll().status == status
        second = admitted[1].companion
        with world.store.writing() as tx:
            asked = kept(world, oracle)
            assert asked is not None
            record = None if asked.serial is None else tx.certificates.find(ISSUING, asked.serial)
            with pytest.raises(Refused, match="at this moment"):
                second.intended(tx, record.intent) if record else second.waiting(tx, tx.pending.list(None)[0])


def test_a_revoked_certificate_is_not_had_again_by_a_retry() -> None:
    """Until the answer has expired: then the judge decides anew."""
    oracle = Oracle()
    world, client = guarded(oracle)
    certificate = client.issued(client.enroll())
    world.revoking.revoke(ISSUING, SerialNumber(certificate.serial_number), RevocationReason.SUPERSEDED, BY)
    reply = client.enroll()
    assert (reply.status, reply.text) == ("2", "the challenge was used by this very request before")
    with world.store.writing() as tx:
        asked = tx.scep_asked.get(oracle.asked[0])
        assert asked is not None
        assert tx.scep_asked.change(replace(asked, due=None))
    world.clock.advance(days=2)
    oracle.refusal = Refused(Reason.NOT_AUTHENTICATED, "used already")
    assert client.enroll().text == "used already"


def test_a_refusal_of_ours_is_to_be_told() -> None:
    """Once; a judge that wants to know nothing is told nothing, and its request is not kept."""
    for tells in (True, False):
        oracle = Oracle(tells=tells)
        world, client = guarded(oracle, profile="tls-server")
        assert client.enroll().status == "2"
        asked = kept(world, oracle)
        assert asked is not None
        assert (bool(asked.failure), asked.due is not None, bool(asked.request)) == (tells, tells, tells)


def test_what_waits_for_a_person_is_looked_at_by_the_duty() -> None:
    """And kept for as long as it may wait."""
    oracle = Oracle()
    world, client = guarded(oracle, profile="device-manual")
    assert client.enroll().status == "3"
    assert client.enroll().status == "3"
    asked = kept(world, oracle)
    assert asked is not None
    assert asked.pending
    assert (asked.due, asked.expires) == (world.clock(), world.clock() + timedelta(days=30))
    assert len(oracle.asked) == 1


def test_a_store_out_of_reach_keeps_failures_to_itself() -> None:
    """`failed` does not raise; envelopes are encrypted with nothing, and nobody is told at once."""
    oracle = Oracle()
    world, _ = guarded(oracle)
    policy = world.endpoint.challenges
    assert policy.passwords() == ()

    class Down:
        """A store."""

        def writing(self) -> object:
            raise Refused(Reason.UNAVAILABLE, "down")

    policy._store = Down()  # type: ignore[attr-defined]
    attempt = Attempt("site", b"1", None, None, b"")  # type: ignore[arg-type]
    policy.failed(attempt, "why")
    policy.succeeded(attempt, b"")
