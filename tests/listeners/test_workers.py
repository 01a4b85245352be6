"""Several processes on the same sockets; the workers here are three lines of Python."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.workers import (
    LONG_LIFE,
    LONGEST_DELAY,
    READY_VARIABLE,
    Supervisor,
    Worker,
    tell_ready,
)
from tests.listeners.stage import Stage

SERVES = """
import os, signal, sys, time
folder = sys.argv[1]
open(f"{folder}/{os.environ['EMCA_WORKER']}-{os.getpid()}", "w").write(" ".join(sorted(os.environ)))
signal.signal(signal.SIGHUP, lambda *_: open(f"{folder}/hangup-{os.getpid()}", "w").close())
os.write(int(os.environ["EMCA_READY_FD"]), b"1")
time.sleep(60)
"""

STARTING = """
import os, time
time.sleep(1)
os.write(int(os.environ["EMCA_READY_FD"]), b"1")
time.sleep(60)
"""

STUBBORN = SERVES.replace("time.sleep(60)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)")


class Systemd(Notifier):
    """Keeps what systemd would be told."""

    def __init__(self) -> None:
        """A watchdog every tenth of a second."""
        super().__init__({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "200000"}, os.getpid())
        self.told: list[str] = []

    def send(self, state: str) -> None:
        """Keep it."""
        self.told.append(state)


class Family:
    """A supervisor of scripted workers, and a thread that does things to them."""

    def __init__(self, folder: Path, sock: socket.socket) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self.systemd = Systemd()
        self.stage = Stage()
        self._sock = sock
        self.supervisor: Supervisor | None = None

    def run(self, program: str, script: Callable[["Family"], None] | None, grace: float = 10.0) -> int:
        """Run two workers while the script, if there is one, runs beside; SIGTERM follows it."""
        self.supervisor = Supervisor(
            [sys.executable, "-S", "-E", "-c", program, str(self.folder)],
            2,
            {"web": self._sock},
            environment={"NOTIFY_SOCKET": "/hidden", "KEPT": "1"},
            notifier=self.systemd,
            log=self.stage.log,
            seconds=time.monotonic,
            grace=grace,
        )

        def beside() -> None:
            """The script, then the end."""
            assert script is not None
            try:
                script(self)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        if script is None:
            return self.supervisor.run()
        thread = threading.Thread(target=beside)
        thread.start()
        code = self.supervisor.run()
        thread.join()
        return code

    def files(self, prefix: str, count: int) -> list[Path]:
        """Wait until so many workers have left a file of that name."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = sorted(self.folder.glob(f"{prefix}*"))
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{prefix}: {list(self.folder.iterdir())}")

    def told(self, state: str) -> None:
        """Wait until systemd has been told."""
        until = time.monotonic() + 20
        while state not in self.systemd.told:
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """Two workers to be, on one socket."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield Family(tmp_path, sock)


def test_workers_are_started_told_to_reload_and_stopped(family: Family) -> None:
    """They get the sockets and their number, and nothing that systemd told the parent alone."""

    def script(family: Family) -> None:
        """Ready, then a hang-up."""
        family.told("READY=1")
        family.told("WATCHDOG=1")
        os.kill(os.getpid(), signal.SIGHUP)
        family.files("hangup-", 2)

    assert family.run(SERVES, script) == 0
    variables = family.files("1-", 1)[0].read_text().split()
    assert {"EMCA_SOCKETS", "EMCA_WORKER", "EMCA_READY_FD", "KEPT"} <= set(variables)
    assert "NOTIFY_SOCKET" not in variables
    assert family.systemd.told[-1] != "READY=1"
    assert "STOPPING=1" in family.systemd.told


def test_workers_that_are_still_starting_are_not_told_to_reload(family: Family) -> None:
    """They would die of it, and read the files as they are now anyway."""

    def script(family: Family) -> None:
        """A hang-up as soon as there are processes."""
        while family.supervisor is None or len(family.supervisor.pids) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGHUP)
        family.told("READY=1")

    assert family.run(STARTING, script) == 0
    assert '"worker ended' not in family.stage.log_output.getvalue()


def test_a_worker_that_dies_is_replaced(family: Family) -> None:
    """After a pause, by another process."""

    def script(family: Family) -> None:
        """Kill the first worker, wait for its successor."""
        family.told("READY=1")
        os.kill(int(family.files("1-", 1)[0].name.partition("-")[2]), signal.SIGKILL)
        family.files("1-", 2)

    assert family.run(SERVES, script) == 0
    assert '"worker ended"' in family.stage.log_output.getvalue()


def test_a_start_that_fails_ends_everything(family: Family) -> None:
    """With the exit code of the worker that could not: nothing is tried again and again."""
    assert family.run("import sys; sys.exit(3)", None) == 3
    assert "READY=1" not in family.systemd.told


def test_a_worker_that_does_not_stop_is_killed(family: Family) -> None:
    """After the grace."""
    assert family.run(STUBBORN, lambda family: family.told("READY=1"), grace=0.3) == 0


def test_pauses_grow_while_failures_follow_each_other() -> None:
    """Doubling up to half a minute, and short again after a long life."""
    worker = Worker(1)
    delays = [worker.ended(0.0) for _ in range(9)]
    assert delays == [0.5, 1, 2, 4, 8, 16, LONGEST_DELAY, LONGEST_DELAY, LONGEST_DELAY]
    worker.ready, worker.started = True, 100.0
    assert worker.ended(100.0 + LONG_LIFE) == 0.5
    assert worker.restart_at == 100.5 + LONG_LIFE


def test_readiness_is_told_through_a_pipe() -> None:
    """Once, and only in a worker."""
    reading, writing = os.pipe()
    tell_ready({READY_VARIABLE: str(writing)})
    assert os.read(reading, 10) == b"1"
    assert os.read(reading, 10) == b""
    os.close(reading)
    tell_ready({})
    tell_ready({READY_VARIABLE: "no"})
