"""All listeners of a process, from ready to stopped."""
# ruff: noqa: N802, N803, A002 - the names are those of Twisted

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock

from emca_daemon.listeners.endpoints import Listener
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.limits import Connections
from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.serving import Serving
from emca_daemon.listeners.tls import TlsContext, TlsFiles
from emca_daemon.listeners.workers import PARENT_VARIABLE, READY_VARIABLE
from emca_daemon.settings.model import TlsSettings
from tests.listeners.certificates import certify
from tests.listeners.stage import FromThread, Stage


class PretendedReactor(Clock, FromThread):
    """Time set by the test, and triggers kept."""

    def __init__(self) -> None:
        """Nothing to do yet."""
        Clock.__init__(self)
        FromThread.__init__(self)
        self.triggers: list[Callable[[], object]] = []
        self.stopped = 0

    def addSystemEventTrigger(self, phase: str, eventType: str, callable: Callable[[], object]) -> None:
        """Keep it."""
        assert (phase, eventType) == ("before", "shutdown")
        self.triggers.append(callable)

    def stop(self) -> None:
        """Count."""
        self.stopped += 1

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: ServerFactory[Protocol]) -> None:
        """Not used here."""
        raise AssertionError


class Systemd(Notifier):
    """Keeps what systemd would be told."""

    def __init__(self) -> None:
        """A watchdog every ten seconds."""
        super().__init__({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "20000000"}, 1)
        self.told: list[str] = []

    def send(self, state: str) -> None:
        """Keep it."""
        self.told.append(state)


def test_a_process_says_when_it_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    """To systemd and to its parent; signs of life come in between; the certificate is reloaded on SIGHUP."""
    reactor, systemd, stage = PretendedReactor(), Systemd(), Stage()
    certificate, key = certify("a").write(tmp_path)
    tls = TlsContext(TlsFiles.of(TlsSettings(certificate=certificate, key=key), []), stage.log)
    reading, writing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        connections = Connections(1, 1, reactor.seconds)
        listeners = {
            "web": Listener(reactor, sock, connections, tls),  # type: ignore[arg-type]
            "plain": Listener(reactor, sock, connections, None),  # type: ignore[arg-type]
        }
        execution = Execution("reactor", waits=False, threads=1, backlog=0, reactor=reactor)
        serving = Serving(
            reactor,  # type: ignore[arg-type]
            listeners,
            execution,
            notifier=systemd,
            environment={READY_VARIABLE: str(writing)},
            log=stage.log,
        )
        serving.ready()
        assert os.read(reading, 10) == b"1"
        os.close(reading)
        reactor.pump([5] * 4)
        assert systemd.told == ["WATCHDOG=1", "READY=1", "WATCHDOG=1", "WATCHDOG=1"]

        before, others = tls.current, []
        kept = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
        serving.obey_signals([lambda: others.append("profiles")])
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
            reactor.run_one()
        for number, action in kept.items():
            signal.signal(number, action)
        assert tls.current is not before
        assert others == ["profiles"]
        assert reactor.stopped == 1

        [trigger] = reactor.triggers
        done: list[bool] = []
        cast("Deferred[None]", trigger()).addCallback(lambda _: done.append(True))
        assert done == [True]
        assert systemd.told[-1] == "STOPPING=1"
        assert reactor.getDelayedCalls() == []


@pytest.mark.parametrize("alive", [True, False])
def test_a_worker_ends_with_its_parent(alive: bool) -> None:
    """Which was perhaps killed, and cannot say so; not before the reactor runs, which could not be stopped."""
    reactor, stage = PretendedReactor(), Stage()
    execution = Execution("reactor", waits=False, threads=1, backlog=0, reactor=reactor)
    environment = {PARENT_VARIABLE: str(os.getppid() if alive else os.getpid())}
    serving = Serving(reactor, {}, execution, notifier=Notifier({}, 1), environment=environment, log=stage.log)  # type: ignore[arg-type]
    serving.ready()
    assert reactor.stopped == 0
    reactor.pump([1] * 3)
    assert reactor.stopped == (0 if alive else 1)
    serving.stop()
    assert reactor.getDelayedCalls() == []


def test_stopping_before_being_ready_is_possible() -> None:
    """When start-up fails half way."""
    reactor, systemd, stage = PretendedReactor(), Notifier({}, 1), Stage()
    execution = Execution("reactor", waits=False, threads=1, backlog=0, reactor=reactor)
    serving = Serving(reactor, {}, execution, notifier=systemd, environment={}, log=stage.log)  # type: ignore[arg-type]
    done: list[bool] = []
    serving.stop().addCallback(lambda _: done.append(True))
    assert done == [True]
    assert '"stopping"' in stage.log_output.getvalue()
