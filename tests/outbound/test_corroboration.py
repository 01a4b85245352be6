"""Attempts that several perspectives must confirm."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.corroboration import Corroborated, CorroboratedCaa
from emca_daemon.outbound.perspectives import SilentPerspective
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask

NAME = AlternativeName(NameType.DNS, "a.example")
TASK = ValidationTask("challenge", "authorization", "http-01", NAME, "token", "token.key", 1, "main")
ASKING = Asking(("ca.example",), "https://ca.example/account/1", "http-01", wildcard=False)
UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
WRONG = Problem("unauthorized", "other", 403)


class Eyes:
    """Sees what it was told to: no problem, a problem, or nothing at all."""

    def __init__(self, problem: Problem | None = None, *, silent: bool = False) -> None:
        self._problem = problem
        self._silent = silent
        self.asked = 0

    async def verdict(self, task: ValidationTask) -> Verdict:
        """An attempt."""
        assert task is TASK
        return Verdict(self._look(), details={"address": "192.0.2.1"}, until=UNTIL)

    async def problem(self, identifier: AlternativeName, asking: Asking) -> Problem | None:
        """A look at CAA."""
        assert (identifier, asking) == (NAME, ASKING)
        return self._look()

    def _look(self) -> Problem | None:
        self.asked += 1
        if self._silent:
            raise SilentPerspective("nobody there")
        return self._problem


def result(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it at once."""
    found: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(found.append)
    return found[0]


def verdict(own: Eyes, quorum: int, **remotes: Eyes) -> tuple[Verdict, list[tuple[str, str]]]:
    """The verdict, and what was counted."""
    noted: list[tuple[str, str]] = []
    return result(Corroborated(own, remotes, quorum, lambda *one: noted.append(one)).verdict(TASK)), noted


def test_enough_perspectives_confirm_it() -> None:
    """The audit is told what each of them found, and metrics are."""
    found, noted = verdict(Eyes(), 1, a=Eyes(), b=Eyes(WRONG))
    assert found.problem is None
    assert found.details == {"address": "192.0.2.1", "perspectives": "a: ok, b: unauthorized"}
    assert found.until == UNTIL
    assert noted == [("a", "ok"), ("b", "unauthorized")]


def test_too_few_perspectives_confirm_it() -> None:
    """What they saw stands; a silent one may speak later."""
    found, _ = verdict(Eyes(), 2, a=Eyes(), b=Eyes(WRONG))
    assert found.problem is not None
    assert (found.problem.type, found.retry) == ("unauthorized", False)
    found, noted = verdict(Eyes(), 2, a=Eyes(), b=Eyes(silent=True))
    assert found.problem is not None
    assert (found.problem.type, found.retry) == ("serverInternal", True)
    assert noted[1] == ("b", "unreachable")


def test_nobody_is_asked_about_what_we_see_to_be_wrong() -> None:
    """Our own problem is the answer."""
    remote = Eyes()
    found, noted = verdict(Eyes(WRONG), 1, a=remote)
    assert (found.problem, remote.asked, noted) == (WRONG, 0, [])


def test_caa_is_confirmed_likewise() -> None:
    """By enough of them, after ourselves."""
    noted: list[tuple[str, str]] = []

    def caa(own: Eyes, quorum: int, **remotes: Eyes) -> Any:
        return result(CorroboratedCaa(own, remotes, quorum, lambda *one: noted.append(one)).problem(NAME, ASKING))

    assert caa(Eyes(), 1, a=Eyes(), b=Eyes(WRONG)) is None
    assert caa(Eyes(), 2, a=Eyes(), b=Eyes(WRONG)).type == "unauthorized"
    assert caa(Eyes(), 2, a=Eyes(), b=Eyes(silent=True)).type == "serverInternal"
    assert len(noted) == 6
    assert caa(Eyes(WRONG), 1, a=Eyes()) is WRONG
