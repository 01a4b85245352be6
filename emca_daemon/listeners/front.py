"""What the connections of a listener share, and how large bodies are written."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from OpenSSL import SSL

from emca_daemon.listeners.answering import Answering
from emca_daemon.listeners.limits import Connections, Timeouts
from emca_daemon.listeners.wire import Heads
from emca_daemon.protocols.http import Peer, Response

LARGE: Final = 131_072
"""Bodies above this many bytes are written piece by piece, as fast as the peer reads."""

PIECE: Final = 65_536

LINGER: Final = 2.0
"""Seconds in which what a refused peer still sends is read and dropped, so that it gets to see the refusal."""


IN_A_ROW: Final = 16
"""Requests of one connection that are answered before all others have had a turn."""

Later = Callable[[Callable[[], object]], object]
"""Calls it in the reactor's next turn."""


class Address(Protocol):
    """An internet address as Twisted gives it."""

    host: str
    port: int


class Transport(Protocol):
    """What a connection asks of its transport, TCP or TLS."""

    def getPeer(self) -> Address:  # noqa: N802
        """The other end."""

    def getHandle(self) -> "SSL.Connection | socket.socket":  # noqa: N802
        """OpenSSL's object where the transport is TLS, else the socket."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        """Send small pieces at once."""

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: N802
        """Tell it when to pause and resume."""

    def unregisterProducer(self) -> None:  # noqa: N802
        """Tell it no longer."""

    def pauseProducing(self) -> None:  # noqa: N802
        """Read no more for now."""

    def resumeProducing(self) -> None:  # noqa: N802
        """Read again."""

    def loseConnection(self) -> None:  # noqa: N802
        """Close once everything is written."""

    def loseWriteConnection(self) -> None:  # noqa: N802
        """Close our direction once everything is written; TCP only."""

    def abortConnection(self) -> None:  # noqa: N802
        """Close at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One listener, as its connections see it; `identify` tells who is at the other end of a transport."""

    answering: Answering
    connections: Connections
    timeouts: Timeouts
    heads: Heads
    max_header: int
    secure: bool
    identify: Callable[[Transport], Peer]
    later: Later

    def head(
        self, response: Response, request_id: str, *, close: bool, keep_alive: bool = False
    ) -> tuple[bytes, Response]:
        """The head of a response and the response itself; a plain 500 in place of one that cannot be sent."""
        try:
            return self.heads.write(response, close=close, keep_alive=keep_alive), response
        except ValueError as error:
            self.answering.unsendable(request_id, error)
            plain = Response(500)
            return self.heads.write(plain, close=close, keep_alive=keep_alive), plain


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes) -> object:
        """Send them, or keep them until they can be sent."""


class GradualBody:
    """Writes a large body in pieces while the peer takes them."""

    def __init__(self, body: bytes, sink: Sink, progress: Callable[[], None], done: Callable[[], None]) -> None:
        """`progress` is called before each round of pieces, `done` after the last."""
        self._left = memoryview(body)
        self._sink = sink
        self._progress = progress
        self._done = done
        self._paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        """The peer has taken what there was."""
        if not self._paused:
            return
        self._paused = False
        self._progress()
        while self._left and not self._paused:
            piece, self._left = self._left[:PIECE], self._left[PIECE:]
            self._sink.write(bytes(piece))
            if not self._left:
                self._done()

    def pauseProducing(self) -> None:  # noqa: N802
        """The peer is behind."""
        self._paused = True

    def stopProducing(self) -> None:  # noqa: N802
        """The peer is gone."""
        self._paused = True
        self._left = memoryview(b"")
