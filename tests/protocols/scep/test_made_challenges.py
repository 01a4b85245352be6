"""Tests of emca_daemon.protocols.scep.made_challenges."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.ca.records import CertificateState, RevocationReason
from emca_daemon.ca.recovery import abandon_open_intents
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, ProfileName, SerialNumber, SubjectAttribute
from emca_daemon.protocols.scep.challenge_records import Challenge
from emca_daemon.protocols.scep.challenges import Admission, Attempt, Challenges
from emca_daemon.protocols.scep.made_challenges import DeviceChallenges, OneTimeChallenges
from emca_daemon.protocols.scep.provisioning import Provisioning
from emca_daemon.protocols.scep.terms import Terms
from emca_daemon.randomness import system_random
from tests.support.ca_world import BY, ISSUING
from tests.support.scep_world import Client, ScepWorld, device_key, settings

COMMON_NAME = "2.5.4.3"


def one_time(world: ScepWorld) -> Provisioning:
    """Hands out challenges of an endpoint that wants them."""
    world.guard(OneTimeChallenges(world.store, world.clock))
    return Provisioning("site", timedelta(hours=1), store=world.store, clock=world.clock, random=system_random)


def devices(world: ScepWorld, device_id: str = "common-name") -> Provisioning:
    """Registers devices at an endpoint that wants their challenges."""
    made = one_time(world)
    world.guard(DeviceChallenges(world.store, world.clock, device_id))
    return made


def with_challenge(world: ScepWorld, terms: Terms | None = None) -> tuple[Client, Challenge]:
    """A client that knows a challenge of the endpoint."""
    made = one_time(world).make(terms or Terms(), BY, source="operator")
    return Client(world, password=made.secret.encode()), made.challenge


def uses(world: ScepWorld, challenge: Challenge) -> int:
    """How often it counts as used."""
    with world.store.reading() as tx:
        found = tx.scep_challenges.get(challenge.id)
    assert found is not None
    return found.uses


def test_a_challenge_is_used_once() -> None:
    """By one request, as often as that comes; the audit chain names challenge and certificate."""
    world = ScepWorld()
    client, challenge = with_challenge(world)
    certificate = client.issued(client.enroll())
    assert client.issued(client.enroll()) == certificate
    assert uses(world, challenge) == 1
    other = replace(client, common_name="device-2", transaction_id=b"2")
    reply = other.enroll()
    assert (reply.status, reply.fail_info) == ("2", "2")
    assert reply.text == f"the challenge {challenge.id} is used up"
    assert reply.text in world.refusals()
    with world.store.reading() as tx:
        (event,) = [one.event for one in tx.audit.walk() if one.event.action == "scep.challenge.use"]
        record = tx.certificates.find(ISSUING, SerialNumber(certificate.serial_number))
    assert record is not None
    assert event.subject == challenge.id
    assert event.origin == "192.0.2.9"
    assert int(str(event.details["serial"]), 16) == certificate.serial_number
    assert record.intent.requester == event.actor == "CN=device-1"


def test_another_signature_on_the_same_request_is_a_retry() -> None:
    """A client with an EC key makes its request anew; it gets the same certificate, and uses nothing up."""
    world = ScepWorld()
    client, challenge = with_challenge(world)
    key = device_key(0, "ec")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    device = replace(client, key=key)
    assert device.csr() != device.csr()
    password = client.password
    first, second = (device.issued(device.enroll(), password) for _ in range(2))
    assert first == second
    assert uses(world, challenge) == 1


def test_a_challenge_may_have_several_uses() -> None:
    """Each another request's."""
    world = ScepWorld()
    client, challenge = with_challenge(world, Terms(uses=2))
    for number, status in enumerate(("0", "0", "2")):
        assert replace(client, transaction_id=b"%d" % number).enroll().status == status
    assert uses(world, challenge) == 2


def test_nobody_knows_a_challenge_by_chance() -> None:
    """None, an empty one, a wrong one, one of another endpoint, and one of a device."""
    world = ScepWorld()
    made = one_time(world)
    elsewhere = Provisioning("other", timedelta(hours=1), store=world.store, clock=world.clock, random=system_random)
    foreign = elsewhere.make(Terms(), BY, source="operator").secret
    _, of_device = made.register("ACME", "Printer", "device-1", Terms(), BY)
    for password in (
        None,
        b"",
        b"wrong",
        foreign.encode(),
        of_device.secret.encode(),
        of_device.secret.lower().encode(),
    ):
        assert Client(world, password=password).enroll().text == "the challenge password is missing or wrong"


def test_a_challenge_ends() -> None:
    """By its time, and when it is revoked; the refusal says so."""
    world = ScepWorld()
    client, _ = with_challenge(world)
    world.clock.advance(hours=1)
    assert "expired at 2026-06-01 13:00:00 UTC" in client.enroll().text
    client, challenge = with_challenge(world)
    one_time(world).revoke(challenge.id, BY)
    assert client.enroll().text == f"the challenge {challenge.id} was revoked"


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(subject=(SubjectAttribute(COMMON_NAME, "device-1"),)), ""),
        (Terms(names=frozenset({AlternativeName(NameType.DNS, "a.example")})), ""),
        (Terms(subject=(SubjectAttribute(COMMON_NAME, "Device-1"),)), "another subject"),
        (Terms(subject=()), "another subject"),
        (Terms(names=frozenset()), "other alternative names"),
        (Terms(names=frozenset({AlternativeName(NameType.DNS, "b.example")})), "other alternative names"),
        (
            Terms(names=frozenset({AlternativeName(NameType.DNS, "a.example"), AlternativeName(NameType.DNS, "b")})),
            "other alternative names",
        ),
    ],
)
def test_a_bound_challenge_is_for_exactly_that(terms: Terms, words: str) -> None:
    """Subject, names or both; a request that is refused uses nothing up."""
    world = ScepWorld()
    client, challenge = with_challenge(world, terms)
    reply = replace(client, names=("a.example",)).enroll()
    assert words in reply.text
    assert reply.status == ("2" if words else "0")
    assert uses(world, challenge) == (0 if words else 1)


def test_a_signature_that_fails_uses_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request may have the challenge then."""
    world = ScepWorld()
    client, challenge = with_challenge(world)
    break_signing(monkeypatch)
    assert client.world.post(client.message(client.csr())).status == 503
    assert uses(world, challenge) == 0
    assert ("scep.challenge.return", "success") in world.actions()
    monkeypatch.undo()
    assert replace(client, transaction_id=b"other").enroll().status == "0"


def break_signing(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    """Let every signature fail."""

    def fail(*_: object, **__: object) -> bytes:
        raise error or Refused(Reason.UNAVAILABLE, "the token is gone")

    monkeypatch.setattr("emca_daemon.ca.cycle.sign_certificate", fail)


def test_a_crash_burns_no_challenge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same request uses it once more, even after its end; another one does not."""
    world = ScepWorld()
    client, challenge = with_challenge(world)
    break_signing(monkeypatch, RuntimeError("the daemon dies"))
    with pytest.raises(RuntimeError):
        client.enroll()
    monkeypatch.undo()
    assert client.enroll().status == "3"  # it may still be at work
    world.clock.advance(seconds=1)
    abandon_open_intents(world.store, BY, world.clock, timedelta(0))
    assert "used up" in replace(client, transaction_id=b"other").enroll().text
    world.clock.advance(hours=1)
    certificate = client.issued(client.enroll())
    assert uses(world, challenge) == 1
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, SerialNumber(certificate.serial_number))
    assert record is not None
    assert record.state is CertificateState.ISSUED


def test_a_revoked_certificate_is_not_had_again_by_a_retry() -> None:
    """The challenge was used for it, whatever became of it; nor is there a second one once it is forgotten."""
    world = ScepWorld()
    client, _ = with_challenge(world, Terms(uses=2))
    serial = SerialNumber(client.issued(client.enroll()).serial_number)
    world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY)
    assert "used by this very request" in client.enroll().text
    client, _ = with_challenge(world, Terms(lifetime=timedelta(days=30)))
    client.issued(replace(client, transaction_id=b"2").enroll())
    world.clock.advance(days=2)
    assert "used by this very request" in replace(client, transaction_id=b"2").enroll().text


def test_a_request_that_waits_has_used_its_challenge() -> None:
    """Whatever the person decides."""
    world = ScepWorld(settings(profile=ProfileName("device-manual")))
    client, challenge = with_challenge(world)
    assert client.enroll().status == client.enroll().status == "3"
    assert uses(world, challenge) == 1
    assert "used up" in replace(client, transaction_id=b"2").enroll().text
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    world.approval.reject(waiting.id, BY, "no")
    assert "rejected" in client.enroll().text
    world.clock.advance(days=40)
    assert "used by this very request" in client.enroll().text


def test_a_device_asks_for_itself() -> None:
    """Its id stands in the subject; the certificate is its own."""
    world = ScepWorld()
    device, made = devices(world).register("ACME", "Printer", "device-1", Terms(), BY)
    client = Client(world, password=made.secret.encode())
    reply = replace(client, common_name="device-2").enroll()
    assert "commonName is not the id of the device" in reply.text
    certificate = client.issued(client.enroll())
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, SerialNumber(certificate.serial_number))
    assert record is not None
    assert record.intent.requester == device.identity == "ACME/Printer/device-1"
    assert "used up" in replace(client, transaction_id=b"2").enroll().text


def test_the_serial_number_of_the_subject_is_looked_at_where_the_settings_say_so() -> None:
    """And a common name is none; a device that was removed may do nothing."""
    world = ScepWorld()
    provisioning = devices(world, "serial-number")
    device, made = provisioning.register("ACME", "Printer", "device-1", Terms(), BY)
    client = Client(world, password=made.secret.encode())
    assert "serialNumber is not the id" in client.enroll().text
    provisioning.remove(device.id, BY)
    assert client.enroll().text == "the challenge password is missing or wrong"


def test_challenges_for_anybody_are_none_of_a_device() -> None:
    """The policy is about devices alone."""
    world = ScepWorld()
    client, _ = with_challenge(world)
    devices(world)
    assert client.enroll().text == "the challenge password is missing or wrong"


class Together:
    """A policy that lets two requests in before either goes on."""

    def __init__(self, policy: Challenges) -> None:
        self._policy = policy
        self._both = threading.Barrier(2, timeout=20)
        self.passwords = policy.passwords
        self.succeeded = policy.succeeded
        self.failed = policy.failed

    def check(self, attempt: Attempt) -> Admission:
        """As the policy says, for both."""
        admission = self._policy.check(attempt)
        self._both.wait()
        return admission


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ScepWorld]:
    """A CA on a database that threads share."""
    file = f"sqlite:///{tmp_path / 'store.db'}"
    world = ScepWorld(url=file if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    yield world
    world.store.close()


def test_of_two_that_race_for_the_last_use_one_wins(shared: ScepWorld) -> None:
    """Both were let in; one certificate is issued, the other request is refused and audited."""
    client, challenge = with_challenge(shared)
    before = shared.actions().count(("certificate.issue", "success"))
    shared.guard(Together(OneTimeChallenges(shared.store, shared.clock)))
    racers = [replace(client, transaction_id=number) for number in (b"1", b"2")]
    replies = []
    threads = [threading.Thread(target=lambda one=one: replies.append(one.enroll())) for one in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(reply.status for reply in replies) == ["0", "2"]
    assert [reply.text for reply in replies if reply.status == "2"] == [f"the challenge {challenge.id} is used up"]
    assert uses(shared, challenge) == 1
    assert f"the challenge {challenge.id} is used up" in shared.refusals()
    assert shared.actions().count(("certificate.issue", "success")) == before + 1
