"""The service that asks CAA records again for finalized orders, and reports."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName
from emca_daemon.outbound.looking import CaaAsking
from emca_daemon.protocols.acme.awaited import AwaitedDesk, CaaTask
from emca_daemon.protocols.acme.errors import Problem

T = TypeVar("T")

SWEEP_SECONDS = 0.5


class Run(Protocol):
    """Runs a call that may wait for the store."""

    def __call__(self, call: Callable[[], T], /) -> "Deferred[T]":
        """Its result, or its failure."""


class CaaRechecks(Service):
    """Looks for orders that wait, asks for all their names, and has them issued or refused."""

    _log = Logger()

    def __init__(self, reactor: Any, desk: AwaitedDesk, checks: Mapping[str, CaaAsking], run: Run) -> None:
        """`reactor` provides IReactorTime; `checks` are by endpoint; nothing happens before `startService`."""
        self._desk = desk
        self._checks = checks
        self._run = run
        self._sweep = LoopingCall(self._look)
        self._sweep.clock = reactor
        self._under_way: Deferred[None] | None = None

    def startService(self) -> None:  # noqa: N802 - twisted's name
        """Begin to look."""
        super().startService()  # type: ignore[no-untyped-call]
        self._sweep.start(SWEEP_SECONDS).addErrback(self._tell)

    def stopService(self) -> None:  # noqa: N802
        """Look no more; what is cut off is taken up again by whoever is there then."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._sweep.running:
            self._sweep.stop()
        if self._under_way is not None:
            self._under_way.cancel()

    def _look(self) -> "Deferred[None]":
        self._under_way = Deferred.fromCoroutine(self._work())
        return self._under_way.addErrback(self._tell)

    async def _work(self) -> None:
        """One round: everything that is due, one order after the other."""
        try:
            for task in await self._run(self._desk.due):
                problems = await self._problems(task)
                await self._run(lambda task=task, problems=problems: self._desk.finish(task, problems))  # type: ignore[misc]
        except Refused as refused:
            self._log.warn("cannot ask CAA for orders: {why}", why=refused.detail)

    async def _problems(self, task: CaaTask) -> dict[AlternativeName, Problem]:
        """What speaks against each of the order's names."""
        check = self._checks[task.order.endpoint]
        found = {}
        for name, asking in task.questions:
            problem = await check.problem(name, asking)
            if problem is not None:
                found[name] = problem
        return found

    def _tell(self, failure: Any) -> None:
        """Log a failure that nobody expected."""
        if not failure.check(CancelledError):
            self._log.failure("asking CAA for orders", failure=failure)
