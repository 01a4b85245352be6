"""Asking CAA again."""

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.caa_rechecks import SWEEP_SECONDS, CaaRechecks
from emca_daemon.protocols.acme.awaited import CaaTask
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.records import AwaitedOrder
from tests.support.acme_records import authorization, order
from tests.support.records import NOW

GOOD, BAD = (AlternativeName(NameType.DNS, text) for text in ("good.test", "bad.test"))
ASKING = Asking(("ca.test",), "https://ca.test/acme/account/1", "http-01", wildcard=False)
TASK = CaaTask(AwaitedOrder("o", b"csr", NOW), order("o", authorization()), "x", ((GOOD, ASKING), (BAD, ASKING)))
NO = Problem("caa", "no", 403)


class Desk:
    """Has one task, or a store that is down."""

    def __init__(self, *, down: bool = False) -> None:
        self.tasks = [TASK]
        self.down = down
        self.finished: list[dict[AlternativeName, Problem]] = []

    def due(self) -> list[CaaTask]:
        """What is left."""
        if self.down:
            raise Refused(Reason.UNAVAILABLE, "down")
        tasks, self.tasks = self.tasks, []
        return tasks

    def finish(self, task: CaaTask, problems: dict[AlternativeName, Problem]) -> None:
        """Note it."""
        assert task is TASK
        self.finished.append(problems)


class Check:
    """Knows what is good."""

    def __init__(self) -> None:
        self.hanging: Deferred[None] | None = None

    async def problem(self, identifier: AlternativeName, asking: Asking) -> Problem | None:
        """Nothing against the one name."""
        assert asking is ASKING
        if self.hanging is not None:
            await self.hanging
        return None if identifier == GOOD else NO


def service(desk: Desk, check: Check) -> tuple[CaaRechecks, Clock]:
    """A service, started."""
    clock = Clock()

    def run(call: Any) -> Any:
        return maybeDeferred(call)

    rechecks = CaaRechecks(clock, desk, {"main": check}, run)  # type: ignore[arg-type]
    rechecks.startService()
    return rechecks, clock


def test_every_name_is_asked_about_and_the_outcome_reported() -> None:
    """What speaks against the order, by name."""
    desk = Desk()
    rechecks, _ = service(desk, Check())
    assert desk.finished == [{BAD: NO}]
    rechecks.stopService()


def test_a_store_that_is_down_is_asked_again() -> None:
    """At the next round."""
    desk = Desk(down=True)
    rechecks, clock = service(desk, Check())
    assert desk.finished == []
    desk.down = False
    clock.advance(SWEEP_SECONDS)
    assert len(desk.finished) == 1
    rechecks.stopService()
    assert not clock.getDelayedCalls()


def test_what_is_under_way_is_cut_off_when_it_stops() -> None:
    """Nothing is reported, nothing is logged as a bug."""
    desk, check = Desk(), Check()
    check.hanging = Deferred()
    rechecks, _ = service(desk, check)
    rechecks.stopService()
    assert desk.finished == []
