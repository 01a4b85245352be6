"""Where work runs."""

import threading

import pytest

from emca_daemon.listeners.execution import Execution
from tests.listeners.stage import FromThread


@pytest.mark.parametrize(
    ("mode", "waits", "pooled"),
    [
        ("auto", False, False),
        ("auto", True, True),
        ("reactor", True, False),
        ("reactor", False, False),
        ("threads", False, True),
        ("threads", True, True),
    ],
)
def test_the_mode_decides_with_what_is_waited_for(mode: str, waits: bool, pooled: bool) -> None:
    """`auto` uses the pool only where a database server or a token is waited for, and for long computing."""
    execution = Execution(mode, waits=waits, threads=1, backlog=0, reactor=FromThread())
    assert (execution.pooled, execution.threaded) == (pooled, mode != "reactor")


def test_work_runs_on_a_thread_and_its_result_on_the_reactor() -> None:
    """One hop there, one back."""
    reactor = FromThread()
    execution = Execution("threads", waits=True, threads=2, backlog=2, reactor=reactor)
    results: list[tuple[str, str]] = []
    here = threading.current_thread().name
    assert execution.submit(
        lambda: threading.current_thread().name,
        lambda name: results.append((name, threading.current_thread().name)),
    )
    assert execution.running == 1
    reactor.run_one()
    assert results == [("responder-1", here)]
    assert execution.running == 0
    execution.stop(5)


def test_a_full_pool_turns_work_away() -> None:
    """Threads and backlog together are the limit; finished work makes room."""
    reactor = FromThread()
    execution = Execution("threads", waits=True, threads=1, backlog=1, reactor=reactor)
    gate = threading.Event()
    results: list[bool] = []
    assert [execution.submit(lambda: gate.wait(10), results.append) for _ in range(3)] == [True, True, False]
    gate.set()
    reactor.run_one()
    assert execution.submit(lambda: True, results.append)
    reactor.run_one()
    reactor.run_one()
    assert results == [True, True, True]
    execution.stop(5)


def test_threads_are_started_when_needed_and_never_more_than_allowed() -> None:
    """Two at work at once need two, and four jobs share the two."""
    reactor = FromThread()
    execution = Execution("threads", waits=True, threads=2, backlog=9, reactor=reactor)
    gate = threading.Event()
    names: set[str] = set()

    def work() -> str:
        """Wait, so that the others need threads of their own."""
        gate.wait(10)
        return threading.current_thread().name

    for _ in range(4):
        execution.submit(work, names.add)
    gate.set()
    for _ in range(4):
        reactor.run_one()
    assert names <= {"responder-1", "responder-2"}
    execution.stop(5)


def test_a_thread_that_does_not_end_is_left_behind() -> None:
    """Stopping does not wait for ever."""
    execution = Execution("threads", waits=True, threads=1, backlog=0, reactor=FromThread())
    gate = threading.Event()
    execution.submit(lambda: gate.wait(10), lambda _: None)
    execution.stop(0.01)
    gate.set()
