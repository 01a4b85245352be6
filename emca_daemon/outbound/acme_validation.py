"""The service that validates ACME challenges: claims what is due, fetches, has it judged, reports.

Work comes from two sides: a request that made a challenge due wakes us at once, and a sweep finds retries and what a
crashed worker left behind. Every claim is a lease in the store, so that any number of processes can do this at once.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from emca_daemon.ca.records import AuditValue
from emca_daemon.errors import Refused
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.acme.validation import ValidationDesk

T = TypeVar("T")

SWEEP_SECONDS = 2.0
STOP_SECONDS = 3.0
"""How long attempts under way may go on when the service stops; what is cut off is given back for others."""


class Run(Protocol):
    """Runs a call that may wait for the store: on a thread of a pool, or at once on the reactor."""

    def __call__(self, call: Callable[[], T], /) -> "Deferred[T]":
        """Its result, or its failure."""


class Fetches(Protocol):
    """Fetches the answer to a challenge and judges it."""

    async def verdict(self, task: ValidationTask) -> Verdict:
        """What came of one attempt."""


class AcmeValidation(Service):
    """Validates the challenges of every ACME endpoint of this process."""

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        desk: ValidationDesk,
        fetches: Mapping[str, Fetches],
        *,
        holder: str,
        run: Run,
        limit: int = 64,
        limit_per_name: int = 4,
        beside: Sequence[Service] = (),
    ) -> None:
        """Nothing happens before `startService`.

        `reactor` provides IReactorTime and IReactorFromThreads; `fetches` are by endpoint; `holder` names this process
        in leases and must differ from every other's. At most `limit` challenges are claimed at a time and
        `limit_per_name` fetched for one name; the others wait, so that a name that never answers holds up no other.
        `beside` are services that start and stop with this one.
        """
        self._beside = tuple(beside)
        self._reactor = reactor
        self._desk = desk
        self._fetches = fetches
        self._holder = holder
        self._run = run
        self._limit = limit
        self._limit_per_name = limit_per_name
        self._woken: deque[str] = deque(maxlen=limit * 16)
        self._claimed = 0
        self._names: Counter[str] = Counter()
        self._in_line: dict[str, deque[ValidationTask]] = {}
        self._under_way: set[Deferred[None]] = set()
        self._sweep = LoopingCall(self._look)
        self._sweep.clock = reactor

    def startService(self) -> None:  # noqa: N802 - twisted's name
        """Begin to sweep."""
        super().startService()  # type: ignore[no-untyped-call]
        for service in self._beside:
            service.startService()  # type: ignore[no-untyped-call]
        self._sweep.start(SWEEP_SECONDS).addErrback(self._tell, "the sweep ended")

    def stopService(self) -> "Deferred[None]":  # noqa: N802
        """Claim nothing more and wait a little for what is under way."""
        super().stopService()  # type: ignore[no-untyped-call]
        for service in self._beside:
            service.stopService()  # type: ignore[no-untyped-call]
        if self._sweep.running:
            self._sweep.stop()
        self._woken.clear()
        self._claimed -= sum(len(line) for line in self._in_line.values())
        self._in_line.clear()
        ended = DeferredList([_following(one) for one in self._under_way])
        cut = self._reactor.callLater(STOP_SECONDS, self._cut)
        ended.addCallback(lambda _: cut.cancel() if cut.active() else None)
        return ended.addCallback(lambda _: Deferred.fromCoroutine(self._release()))

    async def _release(self) -> None:
        """Leave what is not done to other processes; where that fails they wait until the leases end."""
        try:
            await self._run(lambda: self._desk.release(self._holder))
        except Refused as refused:
            self._log.warn("cannot give challenges back: {why}", why=refused.detail)

    def holder(self) -> str:
        """Our name, while we run and have room; from any thread, whose view may be late by a few."""
        return self._holder if self.running and self._claimed < self._limit else ""

    def wake(self, task: ValidationTask) -> None:
        """A challenge became due just now; from any thread, returns at once."""
        self._reactor.callFromThread(self._wake, task)

    def _wake(self, task: ValidationTask) -> None:
        """Begin, or claim it as soon as there is room."""
        if not self.running:
            return
        if task.holder:
            self._claimed += 1
            self._begin(task)
        else:
            self._woken.append(task.challenge_id)
            self._claim_woken()

    def _claim_woken(self) -> None:
        """Claim what woke us while there is room; what is forgotten here the sweep finds."""
        while self._woken and self._claimed < self._limit:
            challenge_id = self._woken.popleft()
            self._claimed += 1
            self._track(self._claim(challenge_id), "claiming a challenge")

    async def _claim(self, challenge_id: str) -> None:
        """Claim one challenge and begin; the room is given back if there is nothing to do."""
        task = None
        try:
            task = await self._run(lambda: self._desk.claim(challenge_id, self._holder))
        except Refused as refused:
            self._log.warn("cannot claim a challenge: {why}", why=refused.detail)
        finally:
            if task is None:
                self._give_back()
        if task is not None:
            self._begin(task)

    def _look(self) -> "Deferred[None]":
        """One sweep; the next one waits for it."""
        return Deferred.fromCoroutine(self._claim_due()).addErrback(self._tell, "looking for due challenges")

    async def _claim_due(self) -> None:
        """Claim as many due challenges as there is room for."""
        room = self._limit - self._claimed
        if room <= 0:
            return
        self._claimed += room
        tasks: list[ValidationTask] = []
        try:
            tasks = await self._run(lambda: self._desk.due(self._holder, room))
        except Refused as refused:
            self._log.warn("cannot look for due challenges: {why}", why=refused.detail)
        finally:
            self._claimed -= room - len(tasks)
        for task in tasks:
            self._begin(task)
        self._claim_woken()

    def _begin(self, task: ValidationTask) -> None:
        """Attempt a claimed challenge now, or once fewer are under way for its name."""
        name = str(task.identifier)
        if self._names[name] >= self._limit_per_name:
            self._in_line.setdefault(name, deque()).append(task)
            return
        self._names[name] += 1
        self._track(self._attempt(task), "validating a challenge")

    async def _attempt(self, task: ValidationTask) -> None:
        """Fetch, judge, report; then it is the next one's turn."""
        try:
            verdict = await self._fetches[task.endpoint].verdict(task)
            if self.running:
                await self._report(task, verdict)
        finally:
            self._done(str(task.identifier))

    async def _report(self, task: ValidationTask, verdict: Verdict) -> None:
        """Tell the desk; where the store cannot be reached the lease runs out and somebody tries again."""
        problem, later = verdict.problem, verdict.later
        details: Mapping[str, AuditValue] = verdict.details
        try:
            if later is not None:
                await self._run(lambda: self._desk.put_off(task, later))
            elif problem is None:
                await self._run(lambda: self._desk.succeed(task, details, verdict.until))
            else:
                await self._run(lambda: self._desk.fail(task, problem, retry=verdict.retry))
        except Refused as refused:
            self._log.warn("cannot report on a challenge: {why}", why=refused.detail)

    def _done(self, name: str) -> None:
        """Give the place of an attempt to the next in line for its name, or back to all."""
        self._names[name] -= 1
        if not self._names[name]:
            del self._names[name]
        line = self._in_line.get(name)
        if line:
            task = line.popleft()
            if not line:
                del self._in_line[name]
            self._begin(task)
        self._give_back()

    def _give_back(self) -> None:
        """There is room for one more."""
        self._claimed -= 1
        self._claim_woken()

    def _track(self, work: Any, what: str) -> None:
        """Start a coroutine and remember it until it ends; a failure of it is a bug and is logged whole."""
        started: Deferred[None] = Deferred.fromCoroutine(work)
        if not started.called:
            self._under_way.add(started)
            started.addBoth(self._forget, started)
        started.addErrback(self._tell, what)

    def _forget(self, result: T, started: "Deferred[None]") -> T:
        """It ended."""
        self._under_way.discard(started)
        return result

    def _cut(self) -> None:
        """End what is still under way."""
        for one in list(self._under_way):
            one.cancel()

    def _tell(self, failure: Any, what: str) -> None:
        """Log a failure that nobody expected; what was cut off is none."""
        if not failure.check(CancelledError, ConnectingCancelledError):
            self._log.failure("{what}", failure=failure, what=what)


def _following(original: "Deferred[None]") -> "Deferred[None]":
    """A Deferred of its own that fires when the original does."""
    follower: Deferred[None] = Deferred()

    def ended(result: T) -> T:
        follower.callback(None)
        return result

    original.addBoth(ended)
    return follower
