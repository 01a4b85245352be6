"""One DNS question to one server over UDP, and over TCP where the answer does not fit (RFC 1035 4.2, RFC 7766).

Only the server that was asked is heard (the socket is connected to it), and only an answer with our id that repeats
our question counts; each question has a port and an id of its own.
"""

import struct
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionRefusedError as Refusal
from twisted.internet.protocol import DatagramProtocol
from twisted.names import dns
from twisted.protocols.basic import Int16StringReceiver
from twisted.python.failure import Failure

from emca_daemon.outbound.waiting import Deadline
from emca_daemon.randomness import RandomBytes

Server = tuple[str, int]
"""Address and port of a DNS server."""

_UNREADABLE = (EOFError, ValueError, struct.error, IndexError, KeyError, TypeError, AttributeError)
"""What the decoder of messages raises on bytes that are none."""


class Exchange:
    """Asks DNS servers."""

    def __init__(self, reactor: Any, random: RandomBytes) -> None:
        """`reactor` provides IReactorTime, IReactorUDP and IReactorTCP; `random` gives ids to questions."""
        self._reactor = reactor
        self._random = random

    async def ask(self, server: Server, name: str, kind: int, deadline: Deadline) -> dns.Message:
        """The answer, whatever it says.

        `kind` is a record type. Raises twisted's TimeoutError, ConnectError or ConnectionClosed.
        """
        question = Question(name, kind, int.from_bytes(self._random(2), "big"))
        answer = await self._over_udp(server, question, deadline)
        return await self._over_tcp(server, question, deadline) if answer.trunc else answer

    async def _over_udp(self, server: Server, question: "Question", deadline: Deadline) -> dns.Message:
        datagrams = _Datagrams(server, question)
        port = self._reactor.listenUDP(0, datagrams, interface="::" if ":" in server[0] else "0.0.0.0")  # noqa: S104
        try:
            return await deadline.within(datagrams.answer)
        finally:
            port.stopListening()

    async def _over_tcp(self, server: Server, question: "Question", deadline: Deadline) -> dns.Message:
        kind = TCP6ClientEndpoint if ":" in server[0] else TCP4ClientEndpoint
        stream = _Stream(question)
        await deadline.within(connectProtocol(kind(self._reactor, *server), stream))  # type: ignore[no-untyped-call]
        try:
            return await deadline.within(stream.answer)
        finally:
            stream.transport.abortConnection()


class Question:
    """A question in its wire form, and what answers it."""

    def __init__(self, name: str, kind: int, number: int) -> None:
        """`name` is a DNS name in ASCII, `kind` a record type, `number` the id."""
        # AD in a question asks to be told whether the answer was validated (RFC 6840 5.7).
        message = dns.Message(id=number, recDes=1, authenticData=1)
        message.addQuery(name.encode("ascii"), kind, dns.IN)
        self._query = message.queries[0]
        self._number = number
        self.wire = message.toStr()

    def answered_by(self, wire: bytes) -> dns.Message | None:
        """The message, None if it is none or not an answer to this question."""
        message = dns.Message()
        try:
            message.fromStr(wire)
        except _UNREADABLE:
            return None
        if message.id != self._number or not message.answer or message.queries != [self._query]:
            return None
        return message


class _Datagrams(DatagramProtocol):
    """The question over UDP."""

    transport: Any

    def __init__(self, server: Server, question: Question) -> None:
        self._server = server
        self._question = question
        self.answer: Deferred[dns.Message] = Deferred()

    def startProtocol(self) -> None:  # noqa: N802 - twisted's name
        """Ask."""
        self.transport.connect(*self._server)
        self.transport.write(self._question.wire)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: ARG002, N802
        """Wait on unless this is the answer: anybody may send anything."""
        message = self._question.answered_by(datagram)
        if message is not None and not self.answer.called:
            self.answer.callback(message)

    def connectionRefused(self) -> None:  # noqa: N802
        """No server listens there."""
        if not self.answer.called:
            self.answer.errback(Refusal("nothing listens there"))  # type: ignore[no-untyped-call]


class _Stream(Int16StringReceiver):
    """The question over TCP."""

    transport: Any

    def __init__(self, question: Question) -> None:
        self._question = question
        self.answer: Deferred[dns.Message] = Deferred()

    def connectionMade(self) -> None:  # noqa: N802
        """Ask."""
        self.sendString(self._question.wire)  # type: ignore[no-untyped-call]

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        """Take the answer."""
        message = self._question.answered_by(string)
        if message is not None and not self.answer.called:
            self.answer.callback(message)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        """The server hung up."""
        if not self.answer.called:
            self.answer.errback(reason)
