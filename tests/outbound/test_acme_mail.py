"""Sending challenge mails, and the verdict on challenges by mail."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.acme_mail import LOOK_AGAIN, SWEEP_SECONDS, MailedFetches, Mailing
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.email_desk import Outgoing
from emca_daemon.protocols.acme.email_reply import ChallengeMail
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask
from tests.support.mail import ALICE
from tests.support.records import NOW

MAIL = ChallengeMail("c", NOW)
ANSWERED = ChallengeMail("c", None, answered=NOW, signer="example.com")


def run(call: Callable[[], Any]) -> "Deferred[Any]":
    """At once."""
    return execute(call)


class Desk:
    """Stands for the desk."""

    def __init__(self, mail: ChallengeMail | None = MAIL, trouble: Exception | None = None) -> None:
        self.mail, self.trouble = mail, trouble
        self.reports: list[object] = []
        self.waiting = [Outgoing(MAIL, ALICE, b"mail")]

    def due(self, limit: int) -> list[Outgoing]:
        """What waits, once."""
        assert limit
        if self.trouble is not None:
            raise self.trouble
        taken, self.waiting = self.waiting, []
        return taken

    def sent(self, mail: ChallengeMail) -> None:
        """Note it."""
        self.reports.append(mail)

    def not_sent(self, mail: ChallengeMail, why: str, *, for_good: bool) -> None:
        """Note it."""
        self.reports.append((mail, why, for_good))

    def standing(self, challenge_id: str) -> ChallengeMail | None:
        """As the test has it."""
        assert challenge_id == "c"
        if self.trouble is not None:
            raise self.trouble
        return self.mail


class Relay:
    """Stands for the relay."""

    def __init__(self, trouble: Refused | None = None) -> None:
        self.trouble = trouble
        self.sent: list[tuple[str, bytes]] = []

    async def send(self, recipient: str, message: bytes) -> None:
        """Take it, or not."""
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((recipient, message))


def mailed(desk: Desk, relay: Relay) -> None:
    """Two sweeps."""
    clock = Clock()
    service = Mailing(clock, desk, relay, run)  # type: ignore[arg-type]
    service.startService()
    clock.advance(SWEEP_SECONDS)
    service.stopService()
    service.stopService()


def test_what_is_due_is_sent_and_reported() -> None:
    """Once."""
    desk, relay = Desk(), Relay()
    mailed(desk, relay)
    assert relay.sent == [(ALICE, b"mail")]
    assert desk.reports == [MAIL]


@pytest.mark.parametrize("reason", [Reason.NOT_PERMITTED, Reason.UNAVAILABLE])
def test_what_is_not_taken_is_reported_too(reason: Reason) -> None:
    """Whether for good or for now."""
    desk = Desk()
    mailed(desk, Relay(Refused(reason, "no")))
    assert desk.reports == [(MAIL, "no", reason is Reason.NOT_PERMITTED)]


@pytest.mark.parametrize("trouble", [Refused(Reason.UNAVAILABLE, "no store"), ValueError("bug")])
def test_sweeps_go_on(trouble: Exception) -> None:
    """Whatever happens; it is logged."""
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)  # type: ignore[arg-type]
    try:
        mailed(Desk(trouble=trouble), Relay())
    finally:
        globalLogPublisher.removeObserver(events.append)  # type: ignore[arg-type]
    assert len([event for event in events if "challenge mails" in event["log_format"]]) == 2


class Others:
    """Stands for the other challenges."""

    async def verdict(self, task: ValidationTask) -> Verdict:
        """Good."""
        return Verdict(None, details={"other": task.type})


class Caa:
    """Stands for CAA."""

    def __init__(self, problem: Problem | None) -> None:
        self._problem = problem

    async def problem(self, identifier: AlternativeName, asking: Asking) -> Problem | None:
        """As the test has it."""
        assert identifier.value == ALICE
        assert asking.method == "email-reply-00"
        return self._problem


def verdict(desk: Desk, kind: str = "email-reply-00", caa: Caa | None = None) -> Verdict:
    """What came of an attempt."""
    fetches = MailedFetches(Others(), desk, run, caa, ("ca.test",))  # type: ignore[arg-type]
    task = ValidationTask("c", "a", kind, AlternativeName(NameType.EMAIL, ALICE), "token", "key", 1, "main", "here")
    results: list[Verdict] = []
    Deferred.fromCoroutine(fetches.verdict(task)).addCallback(results.append)
    return results[0]


def test_an_answer_is_waited_for() -> None:
    """Without counting as a failure; so is a store that is down."""
    assert verdict(Desk()) == Verdict(None, later=LOOK_AGAIN)
    assert verdict(Desk(trouble=Refused(Reason.UNAVAILABLE, "no store"))) == Verdict(None, later=LOOK_AGAIN)


def test_an_answer_proves_the_mailbox() -> None:
    """Unless CAA is against it; where that cannot be asked it may be tried again."""
    assert verdict(Desk(ANSWERED)).details == {"answered": NOW.isoformat(), "signer": "example.com"}
    assert verdict(Desk(ANSWERED), caa=Caa(None)).problem is None
    assert verdict(Desk(ANSWERED), caa=Caa(Problem("caa", "no", 403))) == Verdict(Problem("caa", "no", 403))
    assert verdict(Desk(ANSWERED), caa=Caa(Problem("dns", "no"))).retry


def test_a_mail_that_was_not_taken_fails_the_challenge() -> None:
    """As does one that is not there."""
    for desk in (Desk(ChallengeMail("c", None, fault="no such user")), Desk(None)):
        found = verdict(desk)
        assert found.problem is not None
        assert (found.problem.type, found.retry) == ("connection", False)


def test_other_challenges_are_as_before() -> None:
    """They know nothing of mails."""
    assert verdict(Desk(), "http-01").details == {"other": "http-01"}
