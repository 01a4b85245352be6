"""One HTTP/1.1 connection on Twisted's reactor: requests as httptools reads them, answered in their order."""
# ruff: noqa: N802 - the names are those of Twisted

import socket
from collections import deque
from math import inf
from typing import Final

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol as Connected
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from emca_daemon.listeners.front import IN_A_ROW, LARGE, LINGER, Front, GradualBody, Transport
from emca_daemon.listeners.parsing import Incoming, RequestReader, Stage, Unreadable
from emca_daemon.listeners.wire import BODILESS, CONTINUE
from emca_daemon.protocols.http import Peer, Request, Response

MOST_REQUESTS: Final = 10_000
"""Requests of one connection, after which it is closed, so that connections spread over the workers again."""

MOST_WAITING: Final = 16
"""Pipelined requests that wait for their turn before we stop reading."""


@implementer(IHalfCloseableProtocol)
class HttpConnection(Connected):
    """One connection: requests are answered in the order in which they came."""

    transport: Transport  # type: ignore[assignment]

    def __init__(self, front: Front, address: str) -> None:
        """`front` is what it belongs to; `address` is where the connection comes from."""
        self._front = front
        self._address = address
        self._peer: Peer | None = None
        self._reader = RequestReader(self._limit, front.max_header, self._continue_wanted)
        self._waiting: deque[Incoming | int] = deque()
        self._answered = 0
        self._stage: tuple[Stage, int] | None = None
        self._at_work = self._looping = self._blocked = self._reading_paused = self._resting = False
        self._continue = self._closing = self._gone = self._half_closed = False
        self._gradual: GradualBody | None = None
        self._socket: socket.socket | None = None
        self.deadline = inf

    def connectionMade(self) -> None:
        """A request (and before it a TLS handshake) is expected soon."""
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        handle = self.transport.getHandle()
        self._socket = handle if isinstance(handle, socket.socket) and not self._front.secure else None
        self._front.connections.opened(self)
        self._expect(self._front.timeouts.header)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        """No longer counted."""
        self._gone = self._closing = True
        self._socket = None
        self._waiting.clear()
        self._reader.close()
        self._front.connections.closed(self, self._address)

    def readConnectionLost(self) -> None:
        """The peer will send no more, and may wait for the answers that are due."""
        self._half_closed = True
        self._work_off()

    def writeConnectionLost(self) -> None:
        """Our own direction is closed, which happens after refusals only."""

    def dataReceived(self, data: bytes) -> None:
        """Read, then answer what is whole; what follows a refusal is dropped."""
        if self._closing:
            return
        try:
            self._reader.feed(data, self._waiting.append)
        except Unreadable as refusal:
            self._waiting.append(refusal.status)
        self._work_off()

    def pauseProducing(self) -> None:
        """The peer does not read our answers: read and answer no more of it."""
        self._blocked = True
        self._expect(self._front.timeouts.body)
        if self._gradual is not None:
            self._gradual.pauseProducing()
        self._regulate()

    def resumeProducing(self) -> None:
        """The peer has read what there was."""
        self._blocked = False
        if self._gradual is not None:
            self._gradual.resumeProducing()
        self._work_off()

    def stopProducing(self) -> None:
        """The peer is gone."""
        if self._gradual is not None:
            self._gradual.stopProducing()

    def expire(self) -> None:
        """Too slow: a peer that has begun a request is told so once, everybody else is cut off."""
        if self._closing or self._at_work or self._blocked or self._reader.stage is Stage.BETWEEN:
            self.abort()
        else:
            self._refuse(408)

    def finish(self) -> None:
        """Close now, or after the requests that are being read or answered."""
        reading = self._reader.stage is not Stage.BETWEEN
        if not (reading or self._at_work or self._waiting or self._closing):
            self._closing = True
            self._expect(LINGER)
            self._close()

    def abort(self) -> None:
        """Cut off."""
        self.deadline = inf
        self.transport.abortConnection()

    def _limit(self, path: str) -> int:
        """The largest body for a path."""
        return self._front.answering.find(path)[1]

    def _continue_wanted(self) -> None:
        """The client waits before it sends its body: tell it to go on, but not before the answers that are due."""
        if self._at_work or self._waiting:
            self._continue = True
        else:
            self._write(CONTINUE)

    def _work_off(self) -> None:
        """Answer the requests that have come whole, one after the other; every so often others have a turn."""
        if self._looping or self._resting:
            return
        self._looping = True
        pause = self._answered + IN_A_ROW
        while self._waiting and self._answered < pause and not (self._at_work or self._blocked or self._closing):
            incoming = self._waiting.popleft()
            if isinstance(incoming, int):
                self._refuse(incoming)
            else:
                self._answer(incoming)
        self._looping = False
        if self._answered == pause and self._waiting:
            self._resting = True
            self._front.later(self._rested)
        if self._continue and not (self._at_work or self._waiting or self._closing):
            self._continue = False
            self._write(CONTINUE)
        if self._half_closed and not (self._at_work or self._waiting or self._gone):
            self._end()
        self._regulate()
        self._set_deadline()

    def _rested(self) -> None:
        """It is our turn again."""
        self._resting = False
        self._work_off()

    def _answer(self, incoming: Incoming) -> None:
        """One request."""
        request = self._request(incoming)
        self._at_work = True
        self._answered += 1
        answering = self._front.answering
        responder, _ = answering.find(request.path)
        answering.answer(request, responder, lambda response: self._send(incoming, request.id, response))

    def _request(self, incoming: Incoming) -> Request:
        """The request as its responder sees it."""
        front = self._front
        if self._peer is None:
            self._peer = front.identify(self.transport)
        method, path, query, headers, body, _, _ = incoming
        return Request(method, path, query, headers, body, self._peer, front.answering.new_id(), front.secure)

    def _send(self, incoming: Incoming, request_id: str, response: Response) -> None:
        """Write the response, unless the peer has gone."""
        if self._gone:
            return
        front = self._front
        close = not incoming.keep_alive or self._answered >= MOST_REQUESTS or front.connections.finishing
        head, response = front.head(response, request_id, close=close, keep_alive=incoming.old)
        body = b"" if incoming.method == "HEAD" or response.status in BODILESS else response.body
        if len(body) <= LARGE:
            self._write(head + body)
            self._sent(close)
            return
        self._write(head)
        self._socket = None
        self._gradual = GradualBody(
            body, self.transport, lambda: self._expect(front.timeouts.body), lambda: self._sent(close)
        )
        if not self._blocked:
            self._gradual.resumeProducing()

    def _write(self, data: bytes) -> None:
        """Straight into the socket as long as it takes everything, which spares the reactor two rounds a response.

        Once something did not fit, the transport has it, and everything after that goes the same way.
        """
        if self._socket is not None:
            try:
                sent = self._socket.send(data)
            except OSError:
                sent = 0
            if sent == len(data):
                return
            self._socket = None
            data = data[sent:]
        self.transport.write(data)

    def _sent(self, close: bool) -> None:
        """The response is on its way."""
        self._gradual = None
        self._at_work = False
        if close:
            self._closing = True
            self._waiting.clear()
            self._expect(self._front.timeouts.body)
            self._close()
        elif not self._looping:
            self._work_off()

    def _refuse(self, status: int) -> None:
        """Answer with that status, read no further, and close once the peer has had time to see it."""
        self._closing = True
        self.deadline = inf
        self._waiting.clear()
        too_large = self._request(self._reader.incoming()) if status == 413 else None
        self._front.answering.refused(status, self._address, too_large, self._say_refusal)

    def _say_refusal(self, refusal: Response) -> None:
        """The last words on this connection, unless the peer has gone."""
        if self._gone:
            return
        head, response = self._front.head(refusal, "", close=True)
        self._write(head + response.body)
        self._expect(LINGER)
        self._regulate()
        if self._front.secure:
            self._close()
        else:
            self.transport.unregisterProducer()
            self.transport.loseWriteConnection()

    def _end(self) -> None:
        """Nothing is due to a peer that sends no more."""
        if self._closing:
            self.transport.loseConnection()
        else:
            self._closing = True
            self._close()

    def _close(self) -> None:
        """Close when everything is written."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _regulate(self) -> None:
        """Read only as long as what is read can be answered."""
        pause = not self._closing and (self._blocked or len(self._waiting) > MOST_WAITING)
        if pause != self._reading_paused and not self._gone:
            self._reading_paused = pause
            if pause:
                self.transport.pauseProducing()
            else:
                self.transport.resumeProducing()

    def _set_deadline(self) -> None:
        """Every stage of every request has its own time, which starts when the stage does."""
        if self._closing or self._blocked:
            return
        if self._at_work:
            self._stage = None
            if self._gradual is None:
                self.deadline = inf
            return
        reader = self._reader
        stage = (reader.stage, reader.count)
        if stage != self._stage:
            self._stage = stage
            timeouts = self._front.timeouts
            if reader.stage is Stage.BETWEEN:
                self._expect(timeouts.idle)
            else:
                self._expect(timeouts.header if reader.stage is Stage.HEAD else timeouts.body)

    def _expect(self, seconds: float) -> None:
        """Something must have happened within so many seconds."""
        self.deadline = self._front.connections.seconds() + seconds


class HttpFactory(ServerFactory[Connected]):
    """Makes the connections of one listener."""

    noisy = False

    def __init__(self, front: Front) -> None:
        """All connections share the front."""
        self._front = front

    def buildProtocol(self, addr: IAddress | None) -> Connected:
        """One more connection."""
        connection = HttpConnection(self._front, getattr(addr, "host", ""))
        connection.factory = self
        return connection
