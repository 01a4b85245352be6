"""Binding, serving and stopping, on a reactor that only pretends."""
# ruff: noqa: N802, N803 - the names are those of Twisted

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock

from emca_daemon.errors import Refused
from emca_daemon.listeners.answering import Surroundings
from emca_daemon.listeners.endpoints import Listener, bind, listen, open_sockets
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.guard import Guard
from emca_daemon.listeners.handover import SOCKETS_VARIABLE
from emca_daemon.listeners.tls import TlsContext, TlsFiles
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.settings.model import ListenerSettings, TlsSettings
from tests.listeners.certificates import certify
from tests.listeners.stage import Client, FromThread, Stage, Told


class PretendedPort:
    """A listening socket that is not listened to."""

    stopped = False

    def stopListening(self) -> "Deferred[None] | None":
        """Note it."""
        self.stopped = True
        return None


class PretendedReactor(Clock):
    """Keeps what it was asked to serve; time is set by the test."""

    def __init__(self) -> None:
        """Serves nothing yet."""
        super().__init__()
        self.port = PretendedPort()
        self.factory: ServerFactory[Protocol] | None = None

    def adoptStreamPort(
        self, fileDescriptor: int, addressFamily: int, factory: ServerFactory[Protocol]
    ) -> PretendedPort:
        """Keep the factory."""
        self.factory = factory
        return self.port


class Served:
    """A listener on a pretended reactor."""

    def __init__(self, settings: ListenerSettings, tls: TlsContext | None = None) -> None:
        """Serve."""
        self.reactor = PretendedReactor()
        stage = Stage()
        around = Surroundings(
            execution=Execution("reactor", waits=False, threads=1, backlog=0, reactor=FromThread()),
            guard=Guard(stage.log),
            observe=lambda *_: None,
            log=stage.log,
            random=lambda count: b"\x00" * count,
            seconds=self.reactor.seconds,
        )
        self.sock = bind("web", settings, {})
        self.listener: Listener = listen(
            self.reactor,
            "web",
            settings,
            Routes((Mount("", Told()),)),
            self.sock,
            around,
            clock=lambda: datetime(2030, 1, 1, tzinfo=UTC),
            tls=tls,
        )

    def connect(self) -> Client | None:
        """A connection, if it is let in."""
        assert self.reactor.factory is not None
        protocol = self.reactor.factory.buildProtocol(None)
        return None if protocol is None else Client(protocol)

    def stop(self, grace: float) -> list[bool]:
        """Begin to stop; the list is filled when that is done."""
        done: list[bool] = []
        self.listener.stop(grace).addCallback(lambda _: done.append(True))
        return done


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Callable[..., Served]:
    """Makes listeners whose sockets are closed in the end."""

    def make(settings: ListenerSettings, tls: TlsContext | None = None) -> Served:
        """One listener."""
        served = Served(settings, tls)
        request.addfinalizer(served.sock.close)
        return served

    return make


def test_the_system_chooses_a_port_and_it_can_be_found_out(serve: Callable[..., Served]) -> None:
    """Port 0 works."""
    listener = serve(ListenerSettings(port=0)).listener
    assert 1024 <= listener.port <= 65_535


def test_requests_are_answered(serve: Callable[..., Served]) -> None:
    """A request is answered, and connections beyond the limit are not let in."""
    served = serve(ListenerSettings(connections=1))
    client = served.connect()
    assert client is not None
    client.get("/x")
    assert client.answers()[0].status == 200
    assert served.connect() is None


def test_late_connections_are_swept_away(serve: Callable[..., Served]) -> None:
    """By the reactor's own time."""
    served = serve(ListenerSettings())
    client = served.connect()
    assert client is not None
    served.reactor.pump([0.5] * 22)
    assert client.gone


def test_stopping_waits_for_what_is_under_way(serve: Callable[..., Served]) -> None:
    """Idle connections close at once; a request being read has until the grace runs out."""
    served = serve(ListenerSettings())
    idle, busy = served.connect(), served.connect()
    assert idle is not None
    assert busy is not None
    idle.get("/x")
    busy.send(b"GET /x HTTP/1.1\r\n")
    done = served.stop(5)
    assert served.reactor.port.stopped
    assert (idle.gone, busy.gone, done) == (True, False, [])
    served.reactor.pump([0.05] * 20)
    assert done == []
    served.reactor.pump([0.5] * 10)
    assert busy.wire.aborted
    assert done == [True]
    assert served.reactor.getDelayedCalls() == []


def test_stopping_ends_as_soon_as_nothing_is_under_way(serve: Callable[..., Served]) -> None:
    """Without waiting for the grace."""
    assert serve(ListenerSettings()).stop(1000) == [True]


def test_tls_is_wrapped_around_and_watched(serve: Callable[..., Served], tmp_path: Path) -> None:
    """A new certificate is picked up within seconds."""
    certificate, key = certify("a").write(tmp_path)
    settings = ListenerSettings(tls=TlsSettings(certificate=certificate, key=key))
    assert settings.tls is not None
    context = TlsContext(TlsFiles.of(settings.tls, []), Stage().log)
    served = serve(settings, context)
    before = context.current
    certify("b").write(tmp_path)
    os.utime(certificate, (1, 1))
    served.reactor.pump([1] * 6)
    assert context.current is not before
    assert served.stop(1) == [True]
    assert served.reactor.getDelayedCalls() == []


def test_an_address_in_use_is_named() -> None:
    """Refused, not a stack trace."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"listener web: cannot listen on 127.0.0.1 port {port}: Address"):
            bind("web", ListenerSettings(port=port), {})


def test_ipv6_addresses_are_bound() -> None:
    """By the colon."""
    with bind("web", ListenerSettings(address="::1"), {}) as sock:
        assert sock.family == socket.AF_INET6


def test_sockets_handed_over_are_used_by_name() -> None:
    """And missed where they are not there."""
    with socket.create_server(("127.0.0.1", 0)) as handed:
        assert bind("web", ListenerSettings(socket="https"), {"https": handed}) is handed
    with pytest.raises(Refused, match="no socket `https` was handed over"):
        bind("web", ListenerSettings(socket="https"), {})


def test_all_sockets_are_opened_or_none() -> None:
    """One that cannot be opened closes the others."""
    opened = open_sockets({"a": ListenerSettings(), "b": ListenerSettings()}, {}, 1)
    assert set(opened) == {"a", "b"}
    with pytest.raises(Refused):
        open_sockets({"a": ListenerSettings(), "b": ListenerSettings(socket="none")}, {}, 1)
    for sock in opened.values():
        sock.close()


def test_workers_take_what_their_parent_opened() -> None:
    """Listener by listener."""
    with socket.create_server(("127.0.0.1", 0)) as parent:
        copy = os.dup(parent.fileno())
        environment = {SOCKETS_VARIABLE: f"web={copy}"}
        opened = open_sockets({"web": ListenerSettings(port=1)}, environment, 1)
        assert opened["web"].getsockname() == parent.getsockname()
        opened["web"].detach()
        with pytest.raises(Refused, match="no socket was handed over for api"):
            open_sockets({"api": ListenerSettings()}, environment, 1)
