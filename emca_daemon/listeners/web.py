# mypy: disable-error-code="no-untyped-call"
# ruff: noqa: N802, N815 - the names are those of twisted.web
"""The general front end: twisted.web, reduced to its HTTP parser, in front of `Request` and `Response`.

Nothing of a body is parsed here (twisted.web would parse the Content-Type of every POST, the dearest part of it) and
paths stay as they were sent.
"""

from math import inf
from typing import Final

from structlog.typing import FilteringBoundLogger
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from twisted.web import http

from emca_daemon.errors import Refused
from emca_daemon.listeners.front import IN_A_ROW, LARGE, LINGER, Front, GradualBody, Transport
from emca_daemon.listeners.wire import BODILESS, split_target, text
from emca_daemon.logs import REQUEST_ID
from emca_daemon.protocols.http import Limiting, Peer, Request, Responder, Response, Toiling

MOST_FIELDS: Final = 100
"""Header fields of one request."""

MOST_DIGITS: Final = 18
"""Digits of a Content-Length that are read as a number."""

OLD: Final = b"HTTP/1.0"


class Guard:
    """Asks responders and turns what they should not have raised into answers: a bug ends here, whole in the log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        """`log` gets the tracebacks."""
        self._log = log

    def respond(self, responder: Responder, request: Request) -> Response:
        """Its answer; for a bug its own "internal error", and 500 if it cannot even say that."""
        token = REQUEST_ID.set(request.id)
        try:
            return responder.respond(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        finally:
            REQUEST_ID.reset(token)
        try:
            return responder.failed(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return text(500, f"internal error {request.id}")

    def waits(self, responder: Responder, request: Request) -> bool:
        """Whether it waits; True where it cannot tell."""
        try:
            return responder.waits(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return True

    def toils(self, responder: Toiling, request: Request) -> bool:
        """Whether it is long at work; True where it cannot tell."""
        try:
            return responder.toils(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return True

    def too_large(self, responder: Limiting, request: Request) -> Response:
        """Its 413; a plain one where it cannot say so."""
        try:
            return responder.too_large(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return text(413)

    def busy(self, responder: Responder, request: Request) -> Response:
        """Its "try again later"; a plain 503 where it cannot say so."""
        try:
            return responder.busy(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return Response(503, b"", (("retry-after", "5"),))

    def _bug(self, request: Request, error: Exception) -> None:
        """Write down the bug with its traceback."""
        self._log.error("bug", request_id=request.id, method=request.method, path=request.path, exc_info=error)


class WebRequest(http.Request):
    """One request on its way through twisted.web."""

    channel: "WebChannel"

    def __init__(self, channel: "WebChannel", queued: object = False) -> None:  # noqa: ARG002 - twisted.web passes it
        """The body is collected as it comes."""
        super().__init__(channel, queued=False, parsePOSTFormSubmission=False)
        self.limit = 0
        self.target = ("", "")
        self.responder: Responder | None = None
        self._chunks: list[bytes] = []
        self._received = 0

    def gotLength(self, length: int | None) -> None:
        """No file is needed for a body that is bounded anyway."""

    def parseCookies(self) -> None:
        """Nobody asks for cookies."""

    def handleContentChunk(self, data: bytes) -> None:
        """Collect; too much of a chunked body is refused while it is being sent."""
        self._received += len(data)
        if self._received > self.limit:
            self._chunks.clear()
            self.channel.refuse(413)
        else:
            self._chunks.append(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The request is whole: answer it."""
        self.method, self.uri, self.clientproto = command, path, version
        request = self.read(command, b"".join(self._chunks))
        self._chunks.clear()
        answering = self.channel.front.answering
        answering.answer(request, self.responder, lambda response: self.send(request, response))

    def read(self, command: bytes, body: bytes = b"") -> Request:
        """The request as its responder sees it; without a body as long as that is not whole."""
        front = self.channel.front
        return Request(
            method=command.decode("latin-1"),
            path=self.target[0],
            query=self.target[1],
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, values in self.requestHeaders.getAllRawHeaders()
                for value in values
            ),
            body=body,
            peer=self.channel.peer(),
            id=front.answering.new_id(),
            secure=front.secure,
        )

    @property
    def abandoned(self) -> bool:
        """Whether the peer has gone."""
        return bool(self._disconnected)

    def send(self, request: Request, response: Response) -> None:
        """Write the response, unless the peer has gone."""
        if self.abandoned:
            return
        channel = self.channel
        channel.keep_or_close()
        old = bool(channel.persistent) and self.clientproto == OLD
        head, response = channel.front.head(response, request.id, close=not channel.persistent, keep_alive=old)
        body = b"" if request.method == "HEAD" or response.status in BODILESS else response.body
        self.code = response.status
        self.startedWriting = 1
        if len(body) <= LARGE:
            channel.write(head + body)
            self.finish()
            return
        channel.write(head)
        gradual = GradualBody(body, channel, channel.write_progress, self._sent)
        self.registerProducer(gradual, True)
        gradual.resumeProducing()

    def _sent(self) -> None:
        """The last piece of a large body is on its way."""
        self.unregisterProducer()
        self.finish()


class WebChannel(http.HTTPChannel):
    """One connection: twisted.web's parser with our limits and times."""

    requestFactory = WebRequest  # type: ignore[assignment]
    maxHeaders = MOST_FIELDS
    timeOut = None
    _path: bytes  # type: ignore[assignment]

    requests: list[WebRequest]
    transport: Transport  # type: ignore[assignment]

    def __init__(self, front: Front, address: str) -> None:
        """`front` is what it belongs to; `address` is where the connection comes from."""
        super().__init__()
        self.front = front
        self.deadline = inf
        self.totalHeadersSize = self.MAX_LENGTH = front.max_header
        self._address = address
        self._peer: Peer | None = None
        self._refused = self._gone = False
        self._idle = True
        self._answered = 0
        self._unread: WebRequest | None = None

    def connectionMade(self) -> None:
        """A request (and before it a TLS handshake) is expected soon."""
        self.front.connections.opened(self)
        self._expect(self.front.timeouts.header)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """No longer counted."""
        self._gone = True
        self.front.connections.closed(self, self._address)
        super().connectionLost(reason)

    def checkPersistence(self, request: http.Request, version: bytes) -> bool:
        """HTTP/1.0 clients that ask for it may go on, too (RFC 9112 appendix C.2.2); clients of CMP do."""
        if version != OLD:
            return bool(super().checkPersistence(request, version))
        asked = b",".join(request.requestHeaders.getRawHeaders(b"connection", ())).lower()
        return b"keep-alive" in [token.strip() for token in asked.split(b",")]

    def peer(self) -> Peer:
        """Who is at the other end, found out once."""
        if self._peer is None:
            self._peer = self.front.identify(self.transport)
        return self._peer

    def getPeer(self) -> None:
        """Not looked up for every request, as twisted.web would; `peer` knows."""

    def getHost(self) -> None:
        """Not looked up either: nobody asks."""

    def dataReceived(self, data: bytes) -> None:
        """The first byte of a request starts the clock for its head."""
        if self._idle:
            self._idle = False
            self._expect(self.front.timeouts.header)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """A line of a head, not a folded one (RFC 9112 section 5.2); after a refusal they are dropped."""
        if line.startswith((b" ", b"\t")):
            self.refuse(400)
        if not self._refused:
            super().lineReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        """A part of a body; after a refusal they are dropped."""
        if not self._refused:
            super().rawDataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002
        """One line longer than a whole head may be."""
        self.refuse(431)

    def allHeadersReceived(self) -> None:
        """The head is whole: find the responder, and refuse a body that it would not read before it is sent."""
        request = self.requests[-1]
        fields = request.requestHeaders
        hosts = fields.getRawHeaders(b"host", ())
        old = self._version == OLD
        if len(hosts) > 1 or not (hosts or old) or (old and fields.hasHeader(b"transfer-encoding")):
            self.refuse(400)
            return
        try:
            request.target = split_target(self._path)
        except Refused:
            self.refuse(400)
            return
        request.responder, request.limit = self.front.answering.find(request.target[0])
        if self.length is not None and self.length > request.limit:
            self.refuse(413)
            return
        self._expect(self.front.timeouts.body)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        """The request is whole; from here on time is ours."""
        if not self._refused:
            self.deadline = inf
            super().allContentReceived()

    def requestDone(self, request: WebRequest) -> None:
        """The answer is written: go on when the peer has read it, and every so often after others had a turn."""
        self._answered += 1
        if self._waitingForTransport and self.persistent:
            self._unread = request
            self._expect(self.front.timeouts.body)
        elif self._answered % IN_A_ROW:
            self._go_on(request)
        else:
            self.front.later(lambda: self._go_on(request))

    def resumeProducing(self) -> None:
        """The peer has read what there was."""
        super().resumeProducing()
        request, self._unread = self._unread, None
        if request is not None:
            self._go_on(request)

    def _go_on(self, request: WebRequest) -> None:
        """The next request may wait in the buffer, or come within the idle time."""
        if request.abandoned:
            return
        self._idle = not any(self._dataBuffer)  # after a body there may be an empty piece
        timeouts = self.front.timeouts
        self._expect((timeouts.idle if self._idle else timeouts.header) if self.persistent else timeouts.body)
        super().requestDone(request)

    def keep_or_close(self) -> None:
        """The connection ends with this response if the listener is stopping."""
        if self.front.connections.finishing:
            self.persistent = False

    def write_progress(self) -> None:
        """The peer has read some of a large body."""
        self._expect(self.front.timeouts.body)

    def refuse(self, status: int) -> None:
        """Answer with that status, read no further, and close."""
        if self._refused:
            return
        self._refused = True
        self.deadline = inf
        self.setRawMode()
        too_large = self.requests[-1].read(self._command) if status == 413 else None
        self.front.answering.refused(status, self._address, too_large, self._say_refusal)

    def _say_refusal(self, refusal: Response) -> None:
        """The last words on this connection, unless the peer has gone."""
        if self._gone:
            return
        head, response = self.front.head(refusal, "", close=True)
        self.transport.write(head + response.body)
        self._expect(LINGER)
        if self.front.secure:
            self.loseConnection()
        else:
            self._networkProducer.unregisterProducer()
            self.transport.loseWriteConnection()

    def expire(self) -> None:
        """Too slow: a peer that has begun a request is told so once, everybody else is cut off."""
        if self._idle or self._refused or self._handlingRequest or not self.persistent:
            self.abort()
        else:
            self.refuse(408)

    def finish(self) -> None:
        """Close now, or after the request that is being read or answered."""
        if self._idle and not self._refused:
            self._expect(LINGER)
            self.loseConnection()

    def abort(self) -> None:
        """Cut off."""
        self.deadline = inf
        self.transport.abortConnection()

    def _expect(self, seconds: float) -> None:
        """Something must have happened within so many seconds."""
        self.deadline = self.front.connections.seconds() + seconds

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        """What a field says about the body; twisted.web would pass over `identity` and stumble over many digits."""
        if header == b"Transfer-Encoding" and data.lower() != b"chunked":
            self.refuse(501)
        elif header == b"Content-Length" and len(data) > MOST_DIGITS:
            self.refuse(400)
        return not self._refused and bool(super()._maybeChooseTransferDecoder(header, data))

    def _respondToBadRequestAndDisconnect(self) -> None:
        """What twisted.web calls for heads and chunks that it cannot read, or that are too large."""
        large = self._receivedHeaderSize > self.totalHeadersSize or self._receivedHeaderCount > self.maxHeaders
        self.refuse(431 if large else 400)


class WebFactory(ServerFactory[Protocol]):
    """Makes the connections of one listener."""

    noisy = False

    def __init__(self, front: Front) -> None:
        """All connections share the front."""
        self._front = front

    def log(self, request: WebRequest) -> None:
        """twisted.web's own access log is not used."""

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """One more connection."""
        channel = WebChannel(self._front, getattr(addr, "host", ""))
        channel.factory = self
        return channel
