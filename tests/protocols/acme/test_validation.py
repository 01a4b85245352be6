"""Who validates which challenge when, and what comes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.acme.validation import ValidationDesk
from tests.support.acme_client import AcmeClient, Answer, thumbprint_of
from tests.support.acme_world import AcmeWorld

WRONG = Problem("unauthorized", "it is not there", 403)


class Case:
    """One challenge that is being validated."""

    def __init__(self, name: str = "a.example.com", kind: str = "http-01") -> None:
        self.world = AcmeWorld()
        self.client: AcmeClient = self.world.account()
        self.order: Answer = self.client.order(name)
        self.challenge = self.client.challenge(self.order, kind)
        self.client.post(self.challenge["url"], {})
        self.id = self.challenge["url"].rpartition("/")[2]

    def claim(self, holder: str = "one") -> ValidationTask:
        """Take it."""
        task = self.world.desk.claim(self.id, holder)
        assert task is not None
        return task

    def statuses(self) -> tuple[str, str, str]:
        """Challenge, authorization and order."""
        urls = (self.challenge["url"], self.order.json["authorizations"][0], self.order.location)
        challenge, authorization, order = (self.client.post(url).json["status"] for url in urls)
        return challenge, authorization, order


def test_a_task_says_all_that_a_worker_needs() -> None:
    """Name without star, token, key authorization, attempt, endpoint."""
    case = Case("*.example.com", "dns-01")
    task = case.claim()
    assert (task.type, task.identifier.value, task.attempt, task.endpoint) == ("dns-01", "example.com", 1, "main")
    assert task.token == case.challenge["token"]
    assert task.key_authorization == f"{task.token}.{thumbprint_of(case.client.key)}"


def test_only_one_has_it() -> None:
    """Until the lease runs out: then another takes the orphan."""
    case = Case()
    first = case.claim("one")
    assert case.world.desk.claim(case.id, "two") is None
    assert case.world.desk.due("two", 10) == []
    case.world.clock.advance(minutes=3)
    (second,) = case.world.desk.due("two", 10)
    assert second == replace(first, holder="two")
    case.world.desk.fail(first, WRONG, retry=False)
    assert case.statuses() == ("processing", "pending", "pending")
    case.world.desk.succeed(second, {})
    assert case.statuses() == ("valid", "valid", "ready")


def test_what_a_holder_gives_back_is_for_others() -> None:
    """At once; what somebody else holds stays."""
    case = Case()
    first = case.claim("one")
    case.world.desk.release("two")
    assert case.world.desk.claim(case.id, "two") is None
    case.world.desk.release("one")
    second = case.claim("two")
    assert second == replace(first, holder="two")
    case.world.desk.succeed(first, {})
    assert case.statuses() == ("processing", "pending", "pending")


def test_nothing_is_claimed_that_was_not_started() -> None:
    """Pending challenges, unknown ones, and those of endpoints that are gone."""
    world = AcmeWorld()
    client = world.account()
    challenge = client.challenge(client.order("a.example.com"))
    challenge_id = challenge["url"].rpartition("/")[2]
    assert world.desk.claim(challenge_id, "one") is None
    assert world.desk.claim("none", "one") is None
    client.post(challenge["url"], {})
    assert ValidationDesk(world.store, {}, world.clock).claim(challenge_id, "one") is None


def test_a_proof_may_be_good_for_a_shorter_time() -> None:
    """The authorization lives no longer than it, and never longer than the settings say."""
    for days, expires in ((1, "2026-06-02T12:00:00Z"), (99, "2026-07-01T12:00:00Z")):
        case = Case()
        case.world.desk.succeed(case.claim(), {}, case.world.clock.now + timedelta(days=days))
        document = case.client.post(case.order.json["authorizations"][0]).json
        assert document["expires"] == expires


def test_success_makes_valid_and_drops_the_other_challenges() -> None:
    """With an audit event; the authorization lives as long as the settings say."""
    case = Case()
    case.world.desk.succeed(case.claim(), {"address": "192.0.2.9"})
    assert case.statuses() == ("valid", "valid", "ready")
    document = case.client.post(case.order.json["authorizations"][0]).json
    assert document["expires"] == "2026-07-01T12:00:00Z"
    assert len(document["challenges"]) == 1
    with case.world.store.reading() as tx:
        event = list(tx.audit.walk())[-1].event
    assert (event.action, event.subject, event.outcome) == ("authorization.validate", "dns:a.example.com", "success")
    assert event.details["address"] == "192.0.2.9"


def test_a_final_failure_makes_all_invalid() -> None:
    """Challenge, authorization, and thereby the order."""
    case = Case()
    case.world.desk.fail(case.claim(), WRONG, retry=False)
    assert case.statuses() == ("invalid", "invalid", "invalid")
    assert case.world.actions()[-1] == ("authorization.validate", "failed")


def test_retries_come_later_and_end() -> None:
    """After 5, 10 and 20 seconds; the fourth failure is the last (RFC 8555 8.2)."""
    case = Case()
    for wait in (5, 10, 20):
        case.world.desk.fail(case.claim(), WRONG, retry=True)
        assert case.statuses() == ("processing", "pending", "pending")
        assert case.world.desk.claim(case.id, "one") is None
        case.world.clock.advance(seconds=wait)
    task = case.claim()
    assert task.attempt == 4
    case.world.desk.fail(task, WRONG, retry=True)
    assert case.statuses() == ("invalid", "invalid", "invalid")
    with case.world.store.reading() as tx:
        authorization = tx.acme.challenged(case.id)
    assert authorization is not None
    assert [len(one.errors) for one in authorization.challenges] == [4, 0]


@pytest.mark.parametrize("succeeds", [True, False])
def test_results_that_come_too_late_change_nothing(succeeds: bool) -> None:
    """The authorization was deactivated meanwhile: the challenge is closed, nothing else moves."""
    case = Case()
    task = case.claim()
    case.client.post(case.order.json["authorizations"][0], {"status": "deactivated"})
    for _ in range(2):
        if succeeds:
            case.world.desk.succeed(task, {})
        else:
            case.world.desk.fail(task, WRONG, retry=True)
    assert case.statuses() == ("invalid", "deactivated", "invalid")


def test_looking_without_an_answer_is_no_attempt() -> None:
    """It is due again later, with the same number; a result that comes too late changes nothing here either."""
    case = Case()
    first = case.claim()
    case.world.desk.put_off(first, timedelta(seconds=30))
    case.world.desk.put_off(first, timedelta(days=1))
    assert case.world.desk.due("two", 10) == []
    case.world.clock.advance(seconds=30)
    (again,) = case.world.desk.due("two", 10)
    assert again.attempt == 1
    assert case.statuses() == ("processing", "pending", "pending")


def test_the_oldest_come_first_and_not_too_many() -> None:
    """`due` is bounded."""
    world = AcmeWorld()
    client = world.account()
    urls = []
    for number in range(4):
        challenge = client.challenge(client.order(f"n{number}.example.com"))
        client.post(challenge["url"], {})
        urls.append(challenge["url"].rpartition("/")[2])
        world.clock.advance(seconds=1)
    assert [task.challenge_id for task in world.desk.due("one", 3)] == urls[:3]
    assert [task.challenge_id for task in world.desk.due("one", 3)] == urls[3:]
