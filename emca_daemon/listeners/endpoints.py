"""Listening sockets: bound here or handed over, and served until they are stopped."""

import socket
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol as Connected
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import LoopingCall

from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.answering import Answering, Surroundings
from emca_daemon.listeners.connection import HttpFactory
from emca_daemon.listeners.front import Front
from emca_daemon.listeners.handover import from_parent, from_systemd
from emca_daemon.listeners.limits import Connections, Timeouts
from emca_daemon.listeners.tls import TlsContext, identification, wrap
from emca_daemon.listeners.wire import Heads
from emca_daemon.protocols.routing import Routes
from emca_daemon.settings.model import ListenerSettings

BACKLOG: Final = 4096

SWEEP_SECONDS: Final = 0.5
DRAIN_SECONDS: Final = 0.05
TLS_CHECK_SECONDS: Final = 5.0


def bind(name: str, settings: ListenerSettings, handed_over: Mapping[str, socket.socket]) -> socket.socket:
    """The socket of a listener: bound to its address, or the one of its name that systemd or a parent handed over.

    Raises Refused(UNAVAILABLE).
    """
    if settings.socket is not None:
        inherited = handed_over.get(settings.socket)
        if inherited is None:
            raise Refused(Reason.UNAVAILABLE, f"listener {name}: no socket `{settings.socket}` was handed over")
        return inherited
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        bound.bind((settings.address, settings.port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        where = f"{settings.address} port {settings.port}"
        raise Refused(Reason.UNAVAILABLE, f"listener {name}: cannot listen on {where}: {error.strerror}") from error
    return bound


def open_sockets(
    listeners: Mapping[str, ListenerSettings], environment: Mapping[str, str], pid: int
) -> dict[str, socket.socket]:
    """The sockets of all listeners: those of the parent in a worker, else bound or taken from systemd.

    Raises Refused(UNAVAILABLE); the sockets that were open by then are closed again.
    """
    inherited = from_parent(environment)
    if inherited is not None:
        if missing := listeners.keys() - inherited.keys():
            for sock in inherited.values():
                sock.close()
            raise Refused(Reason.UNAVAILABLE, f"no socket was handed over for {', '.join(sorted(missing))}")
        return {name: inherited[name] for name in listeners}
    handed_over = from_systemd(environment, pid)
    opened: dict[str, socket.socket] = {}
    try:
        for name, settings in listeners.items():
            opened[name] = bind(name, settings, handed_over)
    except Refused:
        for sock in opened.values():
            sock.close()
        raise
    return opened


class Port(Protocol):
    """A listening socket inside a reactor."""

    def stopListening(self) -> "Deferred[None] | None":  # noqa: N802
        """Accept no more."""


class Reactor(Protocol):
    """What serving needs of a reactor."""

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: ServerFactory[Connected]) -> Port:  # noqa: N802, N803
        """Serve a listening socket, of which the reactor makes its own copy."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> object:  # noqa: N802, A002
        """Call it in so many seconds."""

    def seconds(self) -> float:
        """The reactor's time."""


class LimitedFactory(ServerFactory[Connected]):
    """Lets connections in as long as the limits allow; the others are closed at once."""

    noisy = False

    def __init__(self, inner: ServerFactory[Connected], connections: Connections) -> None:
        """`inner` makes the connections that are let in, which sign off by themselves."""
        self._inner = inner
        self._connections = connections

    def buildProtocol(self, addr: IAddress | None) -> Connected | None:  # noqa: N802
        """One more connection, or none."""
        if not self._connections.admit(getattr(addr, "host", "")):
            return None
        return self._inner.buildProtocol(addr)


class Listener:
    """A socket being served."""

    def __init__(self, reactor: Reactor, sock: socket.socket, connections: Connections, tls: TlsContext | None) -> None:
        """Nothing happens before `start`; `port` is the number in use, also where the system chose it."""
        self._reactor = reactor
        self._socket = sock
        self.port = int(sock.getsockname()[1])
        self._port: Port | None = None
        self._sweep = repeating(reactor, connections.sweep)
        self._watch = None if tls is None else repeating(reactor, tls.reload_if_changed)
        self.connections = connections
        self.tls = tls

    def start(self, factory: ServerFactory[Connected]) -> None:
        """Accept connections."""
        sock = self._socket
        self._port = self._reactor.adoptStreamPort(sock.fileno(), sock.family, factory)
        # The reactor has a copy; ours would go on listening when that one is closed.
        sock.close()
        self._sweep.start(SWEEP_SECONDS, now=False)
        if self._watch is not None:
            self._watch.start(TLS_CHECK_SECONDS, now=False)

    def stop(self, grace: float) -> "Deferred[None]":
        """Accept no more, let requests finish for at most `grace` seconds, then cut the others off."""
        until = self._reactor.seconds() + grace
        done: Deferred[None] = Deferred()
        closed = maybeDeferred(self._stop_listening)
        closed.addCallback(lambda _: self.connections.finish())
        closed.addCallback(lambda _: self._drain(until, done))
        return done

    def _stop_listening(self) -> "Deferred[None] | None":
        """Close our copy of the socket."""
        if self._watch is not None and self._watch.running:
            self._watch.stop()
        return None if self._port is None else self._port.stopListening()

    def _drain(self, until: float, done: "Deferred[None]") -> None:
        """Wait for the connections to end."""
        if len(self.connections) and self._reactor.seconds() < until:
            self._reactor.callLater(DRAIN_SECONDS, self._drain, until, done)
            return
        self.connections.abort()
        if self._sweep.running:
            self._sweep.stop()
        done.callback(None)


def listen(
    reactor: Reactor,
    name: str,
    settings: ListenerSettings,
    routes: Routes,
    sock: socket.socket,
    around: Surroundings,
    *,
    clock: Clock,
    tls: TlsContext | None = None,
) -> Listener:
    """Serve the routes on a bound socket; `tls` goes with `settings.tls`."""
    connections = Connections(settings.connections, settings.connections_per_peer, around.seconds)
    front = Front(
        answering=Answering(name, routes, settings.max_body, around, quiet=settings.quiet),
        connections=connections,
        timeouts=Timeouts(settings),
        heads=Heads(clock),
        max_header=settings.max_header,
        secure=tls is not None,
        identify=identification(settings.tls),
        later=lambda call: reactor.callLater(0, call),
    )
    factory: ServerFactory[Connected] = HttpFactory(front)
    if tls is not None:
        factory = wrap(tls, factory)
    listener = Listener(reactor, sock, connections, tls)
    listener.start(LimitedFactory(factory, connections))
    return listener


def repeating(reactor: Reactor, call: Callable[[], object]) -> LoopingCall:
    """A call to be made again and again on that reactor."""
    looping = LoopingCall(call)
    looping.clock = reactor  # type: ignore[assignment]
    return looping
