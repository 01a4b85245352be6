"""Deadlines."""

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from emca_daemon.outbound.waiting import Deadline


def passed_after(clock: Clock, deadline: Deadline, seconds: float) -> bool:
    """Whether a deadline has passed when that time has."""
    clock.advance(seconds)
    return deadline.passed


def test_what_comes_in_time_is_passed_on() -> None:
    """The result, and no call is left behind."""
    clock = Clock()
    waited: Deferred[int] = Deferred()
    results: list[int] = []
    Deadline(clock, 5).within(waited).addCallback(results.append)
    clock.advance(4.9)
    waited.callback(7)
    assert results == [7]
    assert clock.getDelayedCalls() == []


def test_what_comes_late_is_cancelled() -> None:
    """With twisted's TimeoutError."""
    clock = Clock()
    cancelled: list[object] = []
    failed: list[Failure] = []
    waited: Deferred[int] = Deferred(cancelled.append)
    deadline = Deadline(clock, 5)
    deadline.within(waited).addErrback(failed.append)
    assert (passed_after(clock, deadline, 4), passed_after(clock, deadline, 1)) == (False, True)
    assert cancelled == [waited]
    assert [type(failure.value) for failure in failed] == [TimedOut]


def test_a_part_of_a_deadline_is_never_longer_than_the_whole() -> None:
    """Steps share what is left."""
    clock = Clock()
    deadline = Deadline(clock, 5)
    clock.advance(4)
    first, second = deadline.sooner(0.5), deadline.sooner(3)
    clock.advance(0.5)
    assert (first.passed, second.passed) == (True, False)
    clock.advance(0.5)
    assert second.passed
    assert deadline.sooner(1).passed


def test_work_that_ends_well_though_cancelled_counts() -> None:
    """Its result is passed on."""
    clock = Clock()
    results: list[int] = []
    waited: Deferred[int] = Deferred(lambda deferred: deferred.callback(7))
    Deadline(clock, 5).within(waited).addCallback(results.append)
    clock.advance(5)
    assert results == [7]


def test_however_work_is_cancelled_it_is_late() -> None:
    """Endpoints, requests and others each fail in their own way."""
    clock = Clock()
    failed: list[Failure] = []
    waited: Deferred[int] = Deferred(lambda deferred: deferred.errback(OSError("cancelled")))
    Deadline(clock, 5).within(waited).addErrback(failed.append)
    clock.advance(5)
    assert [type(failure.value) for failure in failed] == [TimedOut]
