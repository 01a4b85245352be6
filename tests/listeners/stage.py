"""A listener in memory: responders that do as they are told, a transport that keeps what is written."""
# ruff: noqa: N802, A002 - the names are those of Twisted
# mypy: disable-error-code="no-untyped-call"

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import cast

from structlog.typing import FilteringBoundLogger
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from emca_daemon.listeners.answering import Answering, Surroundings
from emca_daemon.listeners.connection import HttpFactory
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.front import Front
from emca_daemon.listeners.guard import Guard
from emca_daemon.listeners.limits import Connections, Timeouts
from emca_daemon.listeners.tls import identify_plain
from emca_daemon.listeners.wire import Heads
from emca_daemon.logs import make_log
from emca_daemon.protocols.http import Request, Response
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.settings.model import ListenerSettings, LogSettings

NOON = datetime(2030, 1, 2, 12, 0, 0, tzinfo=UTC)


class Told:
    """A responder that answers as it is told and keeps the requests it was asked."""

    max_body = 64

    def __init__(self, answer: Callable[[Request], Response] | None = None, *, waits: bool = False) -> None:
        """By default the method, path, query and body come back."""
        self._answer = answer
        self._waits = waits
        self.requests: list[Request] = []
        self.threads: list[str] = []

    def respond(self, request: Request) -> Response:
        """As told."""
        self.requests.append(request)
        self.threads.append(threading.current_thread().name)
        if self._answer is not None:
            return self._answer(request)
        return Response(200, f"{request.method} {request.path}?{request.query} ".encode() + request.body)

    def waits(self, request: Request) -> bool:
        """As told."""
        return self._waits

    def failed(self, request: Request) -> Response:
        """Its own way to say "internal error"."""
        return Response(500, f"failed {request.id}".encode())

    def busy(self, request: Request) -> Response:
        """Its own way to say "later"."""
        return Response(503, b"later", (("retry-after", "7"),))


class Wire(StringTransport):
    """A connection without a socket."""

    def __init__(self, lost: Callable[[], None]) -> None:
        """`lost` is called when our side closes."""
        super().__init__(peerAddress=IPv4Address("TCP", "192.0.2.7", 4711))
        self._lost = lost
        self.half_closed = False
        self.handle: object = None
        self.aborted = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        super().write(data)

    def value(self) -> bytes:
        """What has been written since the last `clear`."""
        return bytes(super().value())

    def clear(self) -> None:
        """Forget what has been written."""
        super().clear()

    def getHandle(self) -> object:
        """The socket, where a test gives one."""
        return self.handle

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Nothing to set."""

    def loseWriteConnection(self) -> None:
        """Our direction ends."""
        self.half_closed = True

    def loseConnection(self) -> None:
        """Both end."""
        if not self.disconnecting:
            self.disconnecting = True
            self._lost()

    def abortConnection(self) -> None:
        """Both end, at once."""
        self.aborted = True
        self.loseConnection()


@dataclass
class Answer:
    """One response as a client reads it."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse(data: bytes, *, heads_only: bool = False) -> list[Answer]:
    """The responses on a connection, each with its Content-Length."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in fields)}
        length = 0 if heads_only else int(headers.get("content-length", "0"))
        answers.append(Answer(int(first.split()[1]), headers, data[:length]))
        data = data[length:]
    return answers


class FromThread:
    """Keeps what threads want to have called on the reactor."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.handed: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self.arrived = threading.Semaphore(0)

    def callFromThread(self, callable: Callable[..., object], *args: object) -> None:
        """Keep it."""
        self.handed.append((callable, args))
        self.arrived.release()

    def run_one(self) -> None:
        """Wait for a call and make it."""
        assert self.arrived.acquire(timeout=10)
        call, arguments = self.handed.pop(0)
        call(*arguments)


@dataclass
class Stage:
    """One listener in memory."""

    responder: Told = field(default_factory=Told)
    settings: ListenerSettings = field(default_factory=lambda: ListenerSettings(max_header=2000, max_body=100))
    mode: str = "reactor"
    waits: bool = True
    log_output: StringIO = field(default_factory=StringIO)
    observed: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Everything a listener has but the socket."""
        self.clock = Clock()
        self.reactor = FromThread()
        self.execution = Execution(self.mode, waits=self.waits, threads=1, backlog=0, reactor=self.reactor)
        self.log: FilteringBoundLogger = make_log(LogSettings(level="debug"), self.now, self.log_output)
        self.connections = Connections(
            self.settings.connections, self.settings.connections_per_peer, self.clock.seconds
        )
        around = Surroundings(
            execution=self.execution,
            guard=Guard(self.log),
            observe=lambda listener, protocol, status, _seconds: self.observed.append((listener, protocol, status)),
            log=self.log,
            random=lambda count: b"\xab" * count,
            seconds=self.clock.seconds,
        )
        routes = Routes((Mount("/here", self.responder),))
        self.front = Front(
            answering=Answering("main", routes, self.settings.max_body, around, quiet=self.settings.quiet),
            connections=self.connections,
            timeouts=Timeouts(self.settings),
            heads=Heads(self.now),
            max_header=self.settings.max_header,
            secure=False,
            identify=identify_plain,
            later=lambda call: self.clock.callLater(0, call),
        )

    def now(self) -> datetime:
        """The time of day."""
        return NOON + timedelta(seconds=self.clock.seconds())

    def connect(self, handle: object = None) -> "Client":
        """A new connection, admitted."""
        assert self.connections.admit("192.0.2.7")
        factory = HttpFactory(self.front)
        protocol = factory.buildProtocol(cast("IAddress", IPv4Address("TCP", "192.0.2.7", 4711)))
        assert protocol is not None
        return Client(protocol, handle)

    def pass_time(self, seconds: float) -> None:
        """Let time pass and sweep."""
        self.clock.advance(seconds)
        self.connections.sweep()


class Client:
    """The other end of a connection in memory."""

    def __init__(self, protocol: Protocol, handle: object = None) -> None:
        """Connect; `handle` stands for the socket."""
        self.protocol = protocol
        self.gone = False
        self.wire = Wire(self.leave)
        self.wire.handle = handle
        protocol.makeConnection(self.wire)

    def send(self, *pieces: bytes) -> None:
        """Bytes, as they are."""
        for piece in pieces:
            if not self.gone:
                self.protocol.dataReceived(piece)

    def get(self, path: str = "/here", *fields: str, version: str = "1.1", method: str = "GET") -> None:
        """A request without a body."""
        lines = [f"{method} {path} HTTP/{version}", "Host: a.example", *fields]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def leave(self) -> None:
        """The connection is over."""
        if not self.gone:
            self.gone = True
            self.protocol.connectionLost(Failure(connectionDone.value))

    def left(self) -> bool:
        """Whether the connection is over."""
        return self.gone

    def answers(self, *, heads_only: bool = False) -> list[Answer]:
        """What has come back since the last time."""
        data = self.wire.value()
        self.wire.clear()
        return parse(data, heads_only=heads_only)
