"""Several processes on the same sockets: started, watched, restarted and stopped by a parent that serves nothing.

Workers are started afresh, not forked: a fork would copy reactor, threads, database connections and PKCS#11 sessions
(which the standard forbids to use in a child), and several processes' metrics need an environment variable that is read
on import. The price, a second of start-up each, is paid once.
"""

import os
import selectors
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final

from structlog.typing import FilteringBoundLogger

from emca_daemon.listeners.answering import Seconds
from emca_daemon.listeners.handover import SOCKETS_VARIABLE, for_workers
from emca_daemon.listeners.notify import Notifier

READY_VARIABLE: Final = "EMCA_READY_FD"
"""The descriptor on which a worker writes one byte once it serves."""

WORKER_VARIABLE: Final = "EMCA_WORKER"
"""The number of a worker, from 1."""

PARENT_VARIABLE: Final = "EMCA_PARENT"
"""The process that a worker ends with."""

PARENT_ONLY: Final = frozenset(
    {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}
)
"""What systemd tells the parent, and workers must not answer."""

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
LONG_LIFE: Final = 60.0
"""Seconds after which a worker's end no longer counts as one more failure in a row."""

TICK: Final = 0.5


def tell_ready(environment: Mapping[str, str]) -> None:
    """In a worker: tell the parent that requests are answered; nothing in a process that is no worker."""
    descriptor = environment.get(READY_VARIABLE, "")
    if descriptor.isascii() and descriptor.isdigit():
        os.write(int(descriptor), b"1")
        os.close(int(descriptor))


def parent_of(environment: Mapping[str, str]) -> int | None:
    """In a worker: the process that started it; None in a process that is no worker."""
    number = environment.get(PARENT_VARIABLE, "")
    return int(number) if number.isascii() and number.isdigit() else None


class Worker:
    """One place for a process: the process now in it, and when the next one may start."""

    def __init__(self, number: int) -> None:
        """Empty at first."""
        self.number = number
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.started = 0.0
        self.failures = 0
        self.restart_at = 0.0
        self.ready_pipe: int | None = None

    def ended(self, now: float) -> float:
        """Note that the process is gone; returns in how many seconds the next may start."""
        self.process = None
        self.failures = 0 if self.ready and now - self.started >= LONG_LIFE else self.failures + 1
        self.ready = False
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** max(0, min(self.failures, 10) - 1))
        self.restart_at = now + delay
        return delay


class Supervisor:
    """The parent of the workers."""

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        sockets: Mapping[str, socket.socket],
        *,
        environment: Mapping[str, str],
        notifier: Notifier,
        log: FilteringBoundLogger,
        seconds: Seconds,
        grace: float = 15.0,
    ) -> None:
        """`command` starts one worker; `grace` is how long a stopping one may take before it is killed."""
        self._command = list(command)
        self._sockets = sockets
        self._environment = {name: value for name, value in environment.items() if name not in PARENT_ONLY}
        self._notifier = notifier
        self._log = log
        self._seconds = seconds
        self._grace = grace
        self._workers = [Worker(number) for number in range(1, count + 1)]
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._stopping_since: float | None = None
        self._announced = False
        self._exit_code = 0
        self._next_sign_of_life = 0.0

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [worker.process.pid for worker in self._workers if worker.process is not None]

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code, which is a worker's if none ever got ready."""
        reading, writing = socket.socketpair()
        reading.setblocking(False)
        writing.setblocking(False)
        self._selector.register(reading, selectors.EVENT_READ)
        kept = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        kept[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, self._note)
        previous = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            while not self._over():
                self._turn()
                for key, _ in self._selector.select(TICK):
                    self._read(key.fd, key.data, reading)
        finally:
            signal.set_wakeup_fd(previous)
            for number, action in kept.items():
                signal.signal(number, action)
            self._selector.close()
            reading.close()
            writing.close()
        return self._exit_code

    def _note(self, number: int, _frame: FrameType | None) -> None:
        """A signal came; it is acted on in the loop."""
        self._signals.append(number)

    def _over(self) -> bool:
        """Whether everything has ended."""
        return self._stopping_since is not None and not self.pids

    def _turn(self) -> None:
        """What is to be done now."""
        now = self._seconds()
        self._obey(now)
        self._reap(now)
        if self._stopping_since is None:
            for worker in self._workers:
                if worker.process is None and worker.restart_at <= now:
                    self._start(worker, now)
        elif now - self._stopping_since > self._grace:
            self._signal(signal.SIGKILL, self._workers)
        interval = self._notifier.watchdog_interval
        if interval is not None and now >= self._next_sign_of_life:
            self._next_sign_of_life = now + interval
            self._notifier.alive()

    def _obey(self, now: float) -> None:
        """Act on signals."""
        numbers, self._signals = self._signals, []
        if signal.SIGHUP in numbers:
            self._signal(signal.SIGHUP, [worker for worker in self._workers if worker.ready])
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self._stop(now)

    def _stop(self, now: float) -> None:
        """Ask all workers to end."""
        if self._stopping_since is None:
            self._stopping_since = now
            self._notifier.stopping()
            self._signal(signal.SIGTERM, self._workers)

    def _signal(self, number: int, workers: Sequence[Worker]) -> None:
        """Pass a signal on; one that is still starting reads everything anew anyway, and would die of SIGHUP."""
        for worker in workers:
            if worker.process is not None:
                worker.process.send_signal(number)

    def _start(self, worker: Worker, now: float) -> None:
        """A new process in that place."""
        reading, writing = os.pipe()
        environment = {
            **self._environment,
            SOCKETS_VARIABLE: for_workers(self._sockets),
            READY_VARIABLE: str(writing),
            WORKER_VARIABLE: str(worker.number),
            PARENT_VARIABLE: str(os.getpid()),
        }
        descriptors = [sock.fileno() for sock in self._sockets.values()]
        # In a process group of its own, so that the terminal's Ctrl-C reaches the parent alone.
        worker.process = subprocess.Popen(  # noqa: S603
            self._command, env=environment, pass_fds=(*descriptors, writing), process_group=0
        )
        os.close(writing)
        worker.started = now
        worker.ready_pipe = reading
        self._selector.register(reading, selectors.EVENT_READ, worker)
        self._log.info("worker started", worker=worker.number, pid=worker.process.pid)

    def _read(self, descriptor: int, worker: Worker | None, wakeups: socket.socket) -> None:
        """Bytes that woke the loop: signals, or a worker that is ready (or gone before it was)."""
        if worker is None:
            wakeups.recv(4096)
            return
        worker.ready = os.read(descriptor, 1) == b"1"
        self._forget_pipe(worker)
        if all(each.ready for each in self._workers) and not self._announced:
            self._announced = True
            self._notifier.ready()
            self._log.info("all workers ready", workers=len(self._workers))

    def _reap(self, now: float) -> None:
        """Notice the processes that have ended."""
        for worker in self._workers:
            if worker.process is None or (code := worker.process.poll()) is None:
                continue
            pid = worker.process.pid
            self._forget_pipe(worker)
            delay = worker.ended(now)
            if self._stopping_since is not None:
                continue
            if not self._announced:
                self._log.error("worker ended before it was ready", worker=worker.number, pid=pid, code=code)
                self._exit_code = code if code > 0 else 1
                self._stop(now)
            else:
                self._log.warning("worker ended", worker=worker.number, pid=pid, code=code, restart_in=delay)

    def _forget_pipe(self, worker: Worker) -> None:
        """The worker has said what it had to say."""
        if worker.ready_pipe is not None:
            self._selector.unregister(worker.ready_pipe)
            os.close(worker.ready_pipe)
            worker.ready_pipe = None
