"""Responding to challenges."""

from dataclasses import replace
from typing import Any

import pytest

from emca_daemon.errors import Reason, Refused
from tests.support.acme_world import AcmeWorld


@pytest.fixture
def world() -> AcmeWorld:
    """A world of its own for each test: validations are counted."""
    return AcmeWorld()


def test_it_is_read_before_it_is_started(world: AcmeWorld) -> None:
    """A POST-as-GET starts nothing."""
    client = world.account()
    challenge = client.challenge(client.order("a.example.com"))
    answer = client.post(challenge["url"])
    assert answer.json == challenge
    assert world.validations.woken == []


def test_a_payload_starts_it(world: AcmeWorld) -> None:
    """200, processing, Link up; unknown members ignored (RFC 8555 7.5.1); the validator woken after the commit."""
    client = world.account()
    order = client.order("a.example.com")
    answer = client.post(client.challenge(order)["url"], {"keyAuthorization": "old clients send this"})
    assert (answer.status, answer.json["status"]) == (200, "processing")
    assert answer.links("up") == [order.json["authorizations"][0]]
    assert answer.header("retry-after") == "1"
    assert len(world.validations.woken) == 1


def test_it_is_claimed_for_whoever_has_the_time(world: AcmeWorld) -> None:
    """In the transaction that starts it: nobody else gets it, and the task is what a claim would give."""
    client = world.account()
    world.validations.name = "here"
    client.post(client.challenge(client.order("a.example.com"))["url"], {})
    (task,) = world.validations.tasks
    assert task.holder == "here"
    assert world.desk.due("there", 10) == []
    assert world.desk.claim(task.challenge_id, "there") is None
    world.clock.advance(minutes=3)
    (taken,) = world.desk.due("there", 10)
    assert replace(taken, holder="here") == task
    world.desk.succeed(taken, {})


def test_without_a_holder_it_is_left_to_be_claimed(world: AcmeWorld) -> None:
    """By anybody, at once."""
    client = world.account()
    client.post(client.challenge(client.order("a.example.com"))["url"], {})
    (task,) = world.validations.tasks
    assert task.holder == ""
    assert world.desk.claim(task.challenge_id, "there") == replace(task, holder="there")


def test_starting_again_is_no_fault(world: AcmeWorld) -> None:
    """200 while it is validated and when it is valid; clients do so, and some die of a 409."""
    client = world.account()
    url = client.challenge(client.order("a.example.com"))["url"]
    for _ in range(3):
        assert client.post(url, {}).status == 200
    assert len(world.validations.woken) == 1
    world.work()
    answer = client.post(url, {})
    assert (answer.status, answer.json["status"]) == (200, "valid")
    assert answer.json["validated"]
    assert "error" not in answer.json


def test_two_at_once_start_it_once(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both saw it pending, the slower is answered as if it had come later."""
    client = world.account()
    url = client.challenge(client.order("a.example.com"))["url"]

    def too_late(*_: Any) -> None:
        raise Refused(Reason.WRONG_STATE, "the challenge is not pending any more")

    monkeypatch.setattr("emca_daemon.store.acme.AcmeWriter.update_challenge", too_late)
    answer = client.post(url, {})
    assert (answer.status, answer.json["status"]) == (200, "processing")
    assert world.validations.woken == []


@pytest.mark.parametrize("payload", [[], "text", 1, True])
def test_other_payloads_are_malformed(world: AcmeWorld, payload: Any) -> None:
    """Only an object."""
    client = world.account()
    url = client.challenge(client.order("a.example.com"))["url"]
    assert client.post(url, payload).problem == "400 malformed"
    assert world.validations.woken == []


def test_a_failed_challenge_tells_why_and_is_over(world: AcmeWorld) -> None:
    """Error in the challenge; neither it nor its siblings can be started again."""
    client = world.account()
    order = client.order("a.example.com")
    http, dns = client.challenges(order)
    client.post(http["url"], {})
    world.work(right=False)
    failed = client.post(http["url"]).json
    assert failed["status"] == "invalid"
    assert failed["error"]["type"].endswith(":unauthorized")
    assert client.post(http["url"], {}).problem == "400 malformed"
    assert client.post(dns["url"], {}).problem == "400 malformed"
    assert client.post(order.json["authorizations"][0]).json["status"] == "invalid"


def test_a_retried_challenge_shows_its_last_error(world: AcmeWorld) -> None:
    """It stays processing (RFC 8555 8.2)."""
    client = world.account()
    url = client.challenge(client.order("a.example.com"))["url"]
    client.post(url, {})
    world.work(right=False, retry=True)
    document = client.post(url).json
    assert document["status"] == "processing"
    assert document["error"]["status"] == 403


def test_a_dead_authorization_starts_nothing(world: AcmeWorld) -> None:
    """Deactivated or expired: 400 malformed."""
    client = world.account()
    gone, late = client.order("g.example.com"), client.order("l.example.com")
    challenges = [client.challenge(order)["url"] for order in (gone, late)]
    client.post(gone.json["authorizations"][0], {"status": "deactivated"})
    assert client.post(challenges[0], {}).problem == "400 malformed"
    world.clock.advance(days=8)
    client.forget_nonces()
    assert client.post(challenges[1], {}).problem == "400 malformed"


def test_it_is_private(world: AcmeWorld) -> None:
    """Another account's: 403; none: 404."""
    client, other = world.account(), world.account()
    url = client.challenge(client.order("a.example.com"))["url"]
    assert other.post(url, {}).problem == "403 unauthorized"
    assert client.post(url + "x", {}).problem == "404 malformed"
    assert world.validations.woken == []
