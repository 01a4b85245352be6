"""Validations of a demonstration."""

from datetime import timedelta

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.acme_validation import Fetches
from emca_daemon.outbound.chaos import AlwaysValid, ChaoticFetches
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.chaos.chance import Chance
from emca_daemon.settings.chaos import ChaosSettings

TASK = ValidationTask("c", "a", "http-01", AlternativeName(NameType.DNS, "a.example"), "token", "key", 1, "main", "me")
RIGHT = Verdict(None, details={"url": "http://a.example/"})


class Right:
    """Finds everything right."""

    async def verdict(self, _task: ValidationTask) -> Verdict:
        """No problem."""
        return RIGHT


def attempt(fetches: Fetches) -> list[Verdict]:
    """The verdict, once it is there."""
    verdicts: list[Verdict] = []
    Deferred.fromCoroutine(fetches.verdict(TASK)).addCallback(verdicts.append)
    return verdicts


def test_always_valid() -> None:
    """Nothing is looked at, and the audit chain will say so."""
    assert attempt(AlwaysValid()) == [Verdict(None, details={"looked": False})]


def test_attempts_begin_late() -> None:
    """After a part of the longest wait, by chance."""
    clock = Clock()
    half = Chance(lambda _: b"\x80\0\0\0")
    verdicts = attempt(ChaoticFetches(Right(), ChaosSettings(slow_validations=timedelta(seconds=8)), half, clock))
    clock.advance(3.9)
    assert verdicts == []
    clock.advance(0.2)
    assert verdicts == [RIGHT]


def test_attempts_fail() -> None:
    """By chance, with a problem that may pass; the others are those of the real look-up."""
    settings = ChaosSettings(failing_validations=0.5)
    (failed,) = attempt(ChaoticFetches(Right(), settings, Chance(bytes), Clock()))
    assert failed.problem is not None
    assert failed.problem.type == "connection"
    assert failed.retry
    assert attempt(ChaoticFetches(Right(), settings, Chance(lambda count: b"\xff" * count), Clock())) == [RIGHT]
