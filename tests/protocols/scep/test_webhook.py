"""Tests of emca_daemon.protocols.scep.webhook."""

import json
from base64 import b64decode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1.pkcs10 import read_request
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.csr import facts_of_request
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.scep.asked_challenges import AskedChallenges
from emca_daemon.protocols.scep.asked_records import Notice
from emca_daemon.protocols.scep.challenges import Attempt
from emca_daemon.protocols.scep.outside import Answer
from emca_daemon.protocols.scep.webhook import Showing, Webhook, bearing, signed_with
from tests.support.ca_world import BY, FakeClock
from tests.support.scep_services import WEBHOOK_SECRET, FakeWebhook, Way
from tests.support.scep_world import Client, ScepWorld, device_key, request

ATTEMPT = Attempt(
    "site", b"1", None, facts_of_request(read_request(request(device_key(), "x", None)), BY, WeakKeys()), b""
)
URL = "https://decider.example/scep"


def asking(service: FakeWebhook, showing: Showing | None = None) -> tuple[ScepWorld, Webhook, Way]:
    """An endpoint that asks it."""
    world, way = ScepWorld(), Way(service)
    webhook = Webhook(URL, showing or signed_with(WEBHOOK_SECRET), way, world.clock, tells=True)
    day = timedelta(days=1)
    world.guard(AskedChallenges(webhook, world.store, world.clock, patience=day, lifetime=day, wait=day))
    return world, webhook, way


def test_a_webhook_decides_by_everything_that_is_known() -> None:
    """Endpoint, transactionID, request and challenge; the identity is the webhook's."""
    service = FakeWebhook({"open sesame": "fleet/7"})
    world, _, way = asking(service)
    client = Client(world, names=("a.example",))
    certificate = client.issued(client.enroll())
    (checked,) = service.checked
    assert (checked["endpoint"], checked["transaction_id"]) == ("site", "1F2E3D")
    assert b64decode(checked["csr"]) == client.csr()
    assert (checked["subject"], checked["names"]) == ("CN=device-1", ["dns:a.example"])
    assert dict(way.calls[0].headers)["idempotency-key"] == f"check-{checked['request_id']}"
    assert way.calls[0].url == URL
    assert client.issued(client.enroll()) == certificate
    assert len(service.checked) == 1


def test_a_bearer_token_shows_who_asks_just_as_well() -> None:
    """One that no header field can hold is none."""
    world, _, way = asking(FakeWebhook({"open sesame": None}), bearing(b"token-1"))
    client = Client(world)
    assert client.issued(client.enroll()).subject.rfc4514_string() == "CN=device-1"
    assert dict(way.calls[0].headers)["authorization"] == "Bearer token-1"
    with pytest.raises(ValueError, match="printable"):
        bearing(b"token\r\nx: y")


def test_a_no_comes_with_its_reason() -> None:
    """Without control characters; another key's request for a used challenge is another request."""
    service = FakeWebhook({"open sesame": "x"}, used={"open sesame": "another request"})
    world, _, _ = asking(service)
    assert Client(world).enroll().text == "the webhook refuses: no such device"
    service.answer = Answer(200, b'{"allow": false, "reason": "a\\nb"}')
    assert Client(world).enroll().text == "the webhook refuses: ab"
    service.answer = Answer(200, b'{"allow": false}')
    assert Client(world, password=None).enroll().text == "the webhook refuses"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b""),
        Answer(401, b'{"allow": true}'),
        Answer(302, b'{"allow": true}'),
        Answer(200, b""),
        Answer(200, b"[true]"),
        Answer(200, b"\xff"),
        Answer(200, b'{"allow": "true"}'),
        Answer(200, b'{"allow": true, "allow": true}'),
        Answer(200, b'{"allow": true, "identity": 7}'),
        Answer(200, b'{"allow": true, "identity": "a\\u0000"}'),
        Answer(200, json.dumps({"allow": True, "identity": "x" * 256}).encode()),
        Answer(200, b"[" * 100_000),
    ],
)
def test_whatever_is_no_answer_lets_nobody_in(answer: Answer) -> None:
    """The client comes again later."""
    world, _, _ = asking(FakeWebhook(answer=answer))
    client = Client(world)
    assert world.post(client.message(client.csr())).status == 503


@given(st.binary(max_size=200))
def test_no_bytes_let_anybody_in(data: bytes) -> None:
    """Short of the words that do."""
    way = Way(lambda _: Answer(200, data))
    webhook = Webhook(URL, bearing(b"x"), way, FakeClock(), tells=True)
    with pytest.raises(Refused) as caught:
        webhook.judge(ATTEMPT)
    assert caught.value.reason is Reason.UNAVAILABLE


def test_how_it_ended_is_told() -> None:
    """With the certificate, or with the reason; a status that is none of 2xx is not told."""
    service = FakeWebhook({"open sesame": "x"})
    world, webhook, _ = asking(service)
    client = Client(world)
    certificate = client.issued(client.enroll())
    der = certificate.public_bytes(Encoding.DER)
    webhook.tell(Notice("site", "r1", b"T1", b"", certificate=der))
    webhook.tell(Notice("site", "r2", b"\xff", b"", detail="why"))
    issued, failed = service.told
    assert b64decode(issued["certificate"]) == der
    assert int(issued["serial_number"], 16) == certificate.serial_number
    assert (issued["event"], issued["request_id"], issued["transaction_id"]) == ("issued", "r1", "T1")
    assert (failed["event"], failed["detail"], failed["transaction_id"]) == ("failed", "why", "\\xff")
    service.answer = Answer(503)
    with pytest.raises(Refused) as caught:
        webhook.tell(Notice("site", "r2", b"1", b"", detail="why"))
    assert caught.value.reason is Reason.UNAVAILABLE
