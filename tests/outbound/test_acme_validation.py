"""The service that validates challenges."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred, execute
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import globalLogPublisher

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.acme_validation import STOP_SECONDS, SWEEP_SECONDS, AcmeValidation
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask

T = TypeVar("T")
PROBLEM = Problem("connection", "nobody there")


def task(number: int, name: str = "") -> ValidationTask:
    """An attempt at a challenge of that number, for a name of its own unless told otherwise."""
    identifier = AlternativeName(NameType.DNS, name or f"host{number}.example")
    return ValidationTask(f"c{number}", f"a{number}", "http-01", identifier, "token", "key", 1, "main", "here")


def unclaimed(challenge_id: str) -> ValidationTask:
    """A challenge that nobody has claimed yet."""
    identifier = AlternativeName(NameType.DNS, "host.example")
    return ValidationTask(challenge_id, "a", "http-01", identifier, "token", "key", 1, "main")


class Reactor(MemoryReactorClock):
    """A reactor in memory whose threads are this one."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:  # noqa: A002, N802
        """At once."""
        callable(*args, **kwargs)


class Desk:
    """Stands for the desk: hands out tasks, remembers what was reported."""

    def __init__(self) -> None:
        self.tasks: dict[str, ValidationTask] = {}
        self.waiting: list[ValidationTask] = []
        self.claimed: list[str] = []
        self.limits: list[int] = []
        self.reports: list[tuple[Any, ...]] = []
        self.released: list[str] = []
        self.trouble: Exception | None = None

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def claim(self, challenge_id: str, holder: str) -> ValidationTask | None:
        """A task, if there is one."""
        assert holder == "here"
        self._check()
        self.claimed.append(challenge_id)
        return self.tasks.pop(challenge_id, None)

    def due(self, holder: str, limit: int) -> list[ValidationTask]:
        """What waits."""
        assert holder == "here"
        self._check()
        self.limits.append(limit)
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    def release(self, holder: str) -> None:
        """Remember."""
        self._check()
        self.released.append(holder)

    def succeed(self, task: ValidationTask, details: Mapping[str, Any], until: datetime | None = None) -> None:
        """Remember."""
        self._check()
        self.reports.append((task.challenge_id, "valid", dict(details) if until is None else until))

    def fail(self, task: ValidationTask, problem: Problem, *, retry: bool) -> None:
        """Remember."""
        self._check()
        self.reports.append((task.challenge_id, problem.type, retry))

    def put_off(self, task: ValidationTask, delay: timedelta) -> None:
        """Remember."""
        self._check()
        self.reports.append((task.challenge_id, "later", delay))


class Fetches:
    """Stands for the network: every attempt waits for the test to end it."""

    def __init__(self) -> None:
        self.under_way: dict[str, Deferred[Verdict]] = {}

    async def verdict(self, task: ValidationTask) -> Verdict:
        """What the test says."""
        waiting: Deferred[Verdict] = Deferred()
        self.under_way[task.challenge_id] = waiting
        return await waiting

    def end(self, challenge_id: str, verdict: Verdict | Exception = Verdict(None)) -> None:  # noqa: B008
        """End an attempt."""
        waiting = self.under_way.pop(challenge_id)
        if isinstance(verdict, Exception):
            waiting.errback(verdict)
        else:
            waiting.callback(verdict)


class Scene:
    """A service with everything around it."""

    def __init__(self, **limits: Any) -> None:
        self.reactor = Reactor()
        self.desk = Desk()
        self.fetches = Fetches()
        self.run: Callable[..., Any] = execute
        self.service = AcmeValidation(
            self.reactor,
            self.desk,  # type: ignore[arg-type]
            {"main": self.fetches},
            holder="here",
            run=self._run,
            **limits,
        )

    def _run(self, call: Callable[[], Any]) -> Any:
        """As the test has it at that moment."""
        return self.run(call)

    def ending(self) -> list[None]:
        """Stop the service; filled when it has ended."""
        ended: list[None] = []
        self.service.stopService().addCallback(ended.append)
        return ended

    def woken(self, *tasks: ValidationTask) -> "Scene":
        """Started, and woken for each of the tasks."""
        if not self.service.running:
            self.service.startService()
        for one in tasks:
            self.desk.tasks[one.challenge_id] = one
            self.service.wake(unclaimed(one.challenge_id))
        return self


@pytest.fixture
def failures() -> Any:
    """Failures that were logged; none may be left when the test ends."""
    found: list[Any] = []

    def note(event: Any) -> None:
        if "log_failure" in event:
            found.append(event["log_failure"])

    observe: Any = note
    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)
    assert found == []


@pytest.mark.usefixtures("failures")
class TestValidation:
    """Everything here happens without an unexpected failure."""

    def test_a_woken_challenge_is_claimed_fetched_and_reported(self) -> None:
        """With what the audit wants to know."""
        scene = Scene().woken(task(1))
        assert list(scene.fetches.under_way) == ["c1"]
        scene.fetches.end("c1", Verdict(None, details={"address": "192.0.2.1"}))
        assert scene.desk.reports == [("c1", "valid", {"address": "192.0.2.1"})]

    def test_how_long_a_proof_is_good_is_reported(self) -> None:
        """Where it says so itself."""
        scene = Scene().woken(task(1))
        until = datetime(2026, 7, 1, tzinfo=UTC)
        scene.fetches.end("c1", Verdict(None, until=until))
        assert scene.desk.reports == [("c1", "valid", until)]

    @pytest.mark.parametrize("retry", [True, False])
    def test_a_failure_is_reported_with_whether_it_may_pass(self, retry: bool) -> None:
        """The desk decides what follows."""
        scene = Scene().woken(task(1))
        scene.fetches.end("c1", Verdict(PROBLEM, retry))
        assert scene.desk.reports == [("c1", "connection", retry)]

    def test_what_cannot_be_judged_yet_is_put_off(self) -> None:
        """It is no failure."""
        scene = Scene().woken(task(1))
        scene.fetches.end("c1", Verdict(None, later=timedelta(seconds=30)))
        assert scene.desk.reports == [("c1", "later", timedelta(seconds=30))]

    def test_a_challenge_claimed_by_its_request_is_begun_at_once(self) -> None:
        """Without asking the desk; it takes a place, and nobody is a holder without one."""
        scene = Scene(limit=1)
        assert scene.service.holder() == ""
        scene.woken()
        assert scene.service.holder() == "here"
        scene.service.wake(task(1))
        assert list(scene.fetches.under_way) == ["c1"]
        assert scene.desk.claimed == []
        assert scene.service.holder() == ""
        scene.fetches.end("c1")
        assert scene.desk.reports == [("c1", "valid", {})]
        assert scene.service.holder() == "here"

    def test_what_is_not_done_at_the_end_is_given_back(self) -> None:
        """To be taken up by others at once; if the store is away, by their leases' end."""
        scene = Scene(limit_per_name=1).woken(task(1, "a.example"), task(2, "a.example"))
        ended = scene.ending()
        assert scene.desk.released == []
        scene.reactor.advance(STOP_SECONDS)
        assert ended == [None]
        assert scene.desk.released == ["here"]
        away = Scene().woken()
        away.desk.trouble = Refused(Reason.UNAVAILABLE, "the database is away")
        assert away.ending() == [None]
        assert away.desk.released == []

    def test_a_challenge_that_somebody_else_has_is_left(self) -> None:
        """And its place given back."""
        scene = Scene(limit=1).woken()
        scene.service.wake(unclaimed("gone"))
        assert scene.fetches.under_way == {}
        scene.woken(task(1))
        assert list(scene.fetches.under_way) == ["c1"]

    def test_a_sweep_finds_what_is_due(self) -> None:
        """At the start and every other second."""
        scene = Scene(limit=10)
        scene.desk.waiting = [task(1)]
        scene.woken()
        assert list(scene.fetches.under_way) == ["c1"]
        scene.desk.waiting = [task(2)]
        scene.reactor.advance(SWEEP_SECONDS)
        assert list(scene.fetches.under_way) == ["c1", "c2"]
        assert scene.desk.limits == [10, 9]

    def test_no_more_is_claimed_than_there_is_room_for(self) -> None:
        """What is left over waits for a place."""
        scene = Scene(limit=2).woken(*(task(number) for number in range(5)))
        assert list(scene.fetches.under_way) == ["c0", "c1"]
        scene.reactor.advance(SWEEP_SECONDS)
        assert scene.desk.limits == [2]
        scene.fetches.end("c0")
        assert list(scene.fetches.under_way) == ["c1", "c2"]
        for number in (1, 2, 3, 4):
            scene.fetches.end(f"c{number}")
        assert [report[0] for report in scene.desk.reports] == ["c0", "c1", "c2", "c3", "c4"]
        scene.reactor.advance(SWEEP_SECONDS)
        assert scene.desk.limits == [2, 2]

    def test_a_name_that_never_answers_holds_up_no_other(self) -> None:
        """Its attempts wait for each other."""
        slow = [task(number, "slow.example") for number in range(4)]
        scene = Scene(limit_per_name=2).woken(*slow, task(9))
        assert list(scene.fetches.under_way) == ["c0", "c1", "c9"]
        scene.fetches.end("c9")
        assert scene.desk.reports == [("c9", "valid", {})]
        for number in range(4):
            scene.fetches.end(f"c{number}", Verdict(PROBLEM))
        assert len(scene.desk.reports) == 5
        assert not scene.service._names
        assert not scene.service._in_line
        assert scene.service._claimed == 0

    def test_a_store_that_cannot_be_reached_is_asked_again(self) -> None:
        """By the next sweep; a report that fails leaves its lease to run out."""
        scene = Scene().woken()
        scene.desk.trouble = Refused(Reason.UNAVAILABLE, "the database is away")
        scene.woken(task(1))
        scene.reactor.advance(SWEEP_SECONDS)
        assert scene.fetches.under_way == {}
        scene.desk.trouble = None
        scene.woken(task(2))
        scene.desk.trouble = Refused(Reason.UNAVAILABLE, "the database is away")
        scene.fetches.end("c2")
        assert scene.desk.reports == []
        assert scene.service._claimed == 0

    def test_a_service_that_was_not_started_ends_at_once(self) -> None:
        """There is nothing to stop."""
        assert Scene().ending() == [None]

    def test_nothing_is_claimed_before_the_start_or_after_the_end(self) -> None:
        """Requests may still come in then."""
        scene = Scene()
        scene.service.wake(unclaimed("c1"))
        assert scene.desk.claimed == []
        scene.woken()
        assert scene.ending() == [None]
        scene.service.wake(unclaimed("c1"))
        scene.reactor.advance(60)
        assert scene.desk.claimed == []
        assert len(scene.desk.limits) == 1

    def test_the_end_waits_for_what_is_under_way(self) -> None:
        """And is not reported, since the store may be gone; what is in line is left to its lease."""
        scene = Scene(limit_per_name=1).woken(task(1, "a.example"), task(2, "a.example"))
        ended = scene.ending()
        assert ended == []
        scene.fetches.end("c1")
        assert ended == [None]
        assert scene.desk.reports == []
        assert scene.fetches.under_way == {}
        assert scene.service._claimed == 0
        assert scene.reactor.getDelayedCalls() == []

    def test_the_end_does_not_wait_long(self) -> None:
        """What takes longer is cut off."""
        scene = Scene().woken(task(1))
        ended = scene.ending()
        scene.reactor.advance(STOP_SECONDS)
        assert ended == [None]
        assert scene.desk.reports == []

    def test_a_sweep_under_way_ends_before_the_service_does_more(self) -> None:
        """On a slow store the next sweep waits for this one."""
        scene = Scene()
        answers: list[Deferred[Any]] = []

        def slowly(call: Callable[[], T]) -> Deferred[T]:
            answers.append(Deferred())
            return answers[-1]

        scene.run = slowly
        scene.woken()
        scene.reactor.advance(SWEEP_SECONDS * 3)
        assert len(answers) == 1
        answers[0].callback([task(1)])
        assert list(scene.fetches.under_way) == ["c1"]


@pytest.mark.parametrize("where", ["fetch", "claim", "due"])
def test_a_bug_is_logged_and_the_service_goes_on(failures: list[Any], where: str) -> None:
    """Whole, and the place is given back."""
    scene = Scene(limit=1).woken()
    bug = ZeroDivisionError("a bug")
    if where == "fetch":
        scene.woken(task(1)).fetches.end("c1", bug)
    else:
        scene.desk.trouble = bug
        if where == "claim":
            scene.woken(task(1))
        scene.reactor.advance(SWEEP_SECONDS if where == "due" else 0)
        scene.desk.trouble = None
    assert {failure.type for failure in failures} == {ZeroDivisionError}
    failures.clear()
    scene.woken(task(2))
    scene.fetches.end("c2")
    assert scene.desk.reports == [("c2", "valid", {})]
    scene.reactor.advance(SWEEP_SECONDS)
    assert len(scene.desk.limits) == 2
