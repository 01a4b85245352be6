"""Where a responder runs: on the reactor, or on a bounded pool of threads (one hop there, one back)."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol, TypeVar

Result = TypeVar("Result")

Job = Callable[[], None]


class FromThread(Protocol):
    """The part of a reactor that takes calls from other threads."""

    def callFromThread(self, callable: Callable[..., object], *args: object) -> None:  # noqa: N802, A002
        """Call it on the reactor's thread soon."""


class Execution:
    """Runs work where the settings say.

    `mode` is `auto`, `reactor` or `threads`; `waits` says whether the store or the keys of this process are waited for
    (a database server, a token). At most `threads` jobs run and `backlog` more wait; beyond that work is turned away.
    To be used on the reactor's thread only, which is why nothing here is locked.
    """

    def __init__(self, mode: str, *, waits: bool, threads: int, backlog: int, reactor: FromThread) -> None:
        """Threads start when they are first needed."""
        self._pooled = mode == "threads" or (mode == "auto" and waits)
        self._threaded = mode != "reactor"
        self._most_threads = threads
        self._most = threads + backlog
        self._reactor = reactor
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._running = 0

    @property
    def pooled(self) -> bool:
        """Whether work that waits goes to the pool; else everything runs on the reactor."""
        return self._pooled

    @property
    def threaded(self) -> bool:
        """Whether there may be threads at all: long computing goes there even where nothing is waited for."""
        return self._threaded

    @property
    def running(self) -> int:
        """Jobs in the pool, waiting ones included."""
        return self._running

    def submit(self, work: Callable[[], Result], done: Callable[[Result], None]) -> bool:
        """Run `work`, which must not raise, on a thread and hand its result to `done` on the reactor; False if full."""
        if self._running >= self._most:
            return False
        self._running += 1
        if len(self._threads) < min(self._running, self._most_threads):
            self._start_thread()

        def job() -> None:
            """On the thread."""
            self._reactor.callFromThread(self._finish, done, work())

        self._jobs.put(job)
        return True

    def stop(self, timeout: float) -> None:
        """End the threads; those still at work after `timeout` seconds are left behind (they end with the process)."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout)
        self._threads.clear()

    def _finish(self, done: Callable[[Result], None], result: Result) -> None:
        """Back on the reactor."""
        self._running -= 1
        done(result)

    def _start_thread(self) -> None:
        """One more thread; a daemon thread, so that one stuck in a token's module cannot hold up the end."""
        thread = threading.Thread(target=self._work, name=f"responder-{len(self._threads) + 1}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        """The life of a thread."""
        while (job := self._jobs.get()) is not None:
            job()
