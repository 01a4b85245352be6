"""Requests that wait, asked for again."""

import threading
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.asn1 import der
from emca_daemon.ca.records import PendingRequest, RevocationReason
from emca_daemon.protocols.est import issuance
from emca_daemon.protocols.est.requests import CHALLENGE_PASSWORD
from emca_daemon.protocols.http import Peer
from tests.support.ca_world import BY
from tests.support.est_world import EstWorld, basic, certificates, request, settings

RACERS = 8


def waiting_world() -> tuple[EstWorld, ec.EllipticCurvePrivateKey]:
    """A label where a person decides, and a key whose request waits."""
    world, key = EstWorld(), ec.generate_private_key(ec.SECP256R1())
    world.label(settings(proof_of_possession="off"))
    world.manual()
    response = world.enroll(b64encode(request(key)))
    assert (response.status, response.body, response.header("retry-after")) == (202, b"", "60")
    return world, key


def requests(world: EstWorld) -> list[PendingRequest]:
    """Everything that waits or waited."""
    with world.store.reading() as tx:
        return list(tx.pending.list(None))


def test_the_same_request_finds_the_waiting_one() -> None:
    """By key and names: its challenge password may differ, since every TLS session has its own."""
    world, key = waiting_world()
    challenge = ((CHALLENGE_PASSWORD, der.tlv(0x0C, b"another session")),)
    assert world.enroll(b64encode(request(key, attributes=challenge))).status == 202
    (waiting,) = requests(world)
    world.approval.approve(waiting.id, BY)
    (certificate,) = certificates(world.enroll(b64encode(request(key, attributes=challenge))))
    assert certificate.public_key() == key.public_key()
    assert certificates(world.enroll(b64encode(request(key)))) == [certificate]


def test_another_key_name_or_requester_is_another_request() -> None:
    """Each waits for itself."""
    world, key = waiting_world()
    assert world.enroll(b64encode(request())).status == 202
    assert world.enroll(b64encode(request(key, "device-2"))).status == 202
    assert world.enroll(b64encode(request(key)), authorization=basic("eve")).status == 401
    assert len(requests(world)) == 3


def test_a_rejected_request_is_refused_with_the_note() -> None:
    """403 in text, for some days; then it may be asked for again."""
    world, key = waiting_world()
    world.approval.reject(requests(world)[0].id, BY, "unknown device")
    refused = world.enroll(b64encode(request(key)))
    assert (refused.status, refused.body) == (403, b"the request was rejected: unknown device\n")
    world.clock.advance(days=8)
    assert world.enroll(b64encode(request(key))).status == 202


def test_who_shows_the_certificate_wants_another() -> None:
    """A renewal soon after the approval waits for itself."""
    world, key = waiting_world()
    device = world.approval.approve(requests(world)[0].id, BY).der
    renewal = world.send("simplereenroll", b64encode(request(key)), peer=Peer("192.0.2.9", certificate=device))
    assert renewal.status == 202


def test_an_old_or_revoked_certificate_is_not_given_out_again() -> None:
    """A new request begins."""
    world, key = waiting_world()
    issued = world.approval.approve(requests(world)[0].id, BY)
    intent = issued.record.intent
    world.revoking.revoke(intent.issuer, intent.serial, RevocationReason.SUPERSEDED, BY)
    assert world.enroll(b64encode(request(key))).status == 202
    assert len(requests(world)) == 2


@pytest.mark.database
@pytest.mark.parametrize("round_", range(3))
def test_first_posts_that_race_wait_as_one_on_postgresql(postgres_url: str, round_: int) -> None:
    """Each a thread of its own, as the workers are: all are told to wait, and one row does."""
    world, body = EstWorld(postgres_url), b64encode(request(name=f"device-{round_}"))
    world.label()
    world.manual()
    barrier, statuses = threading.Barrier(RACERS), list[int]()

    def post() -> None:
        barrier.wait()
        statuses.append(world.enroll(body).status)

    threads = [threading.Thread(target=post) for _ in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [202] * RACERS
    assert len(requests(world)) == 1
    world.store.close()


def test_two_first_posts_at_once_wait_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither saw the other when it looked; the store lets one in (threads: `tests/ca/test_enrollment_once.py`)."""
    world, key = waiting_world()
    monkeypatch.setattr(issuance, "_earlier", lambda _call, _reference: None)
    assert world.enroll(b64encode(request(key))).status == 202
    assert len(requests(world)) == 1
