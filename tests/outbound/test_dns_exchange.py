"""One DNS question to one server, on a network in memory."""

from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.names import dns
from twisted.python.failure import Failure

from emca_daemon.outbound.dns_exchange import Exchange, Question
from emca_daemon.outbound.waiting import Deadline

SERVER = ("192.0.2.53", 53)


class Port:
    """A UDP port in memory."""

    def __init__(self, protocol: Any, interface: str) -> None:
        self.protocol = protocol
        self.interface = interface
        self.sent: list[bytes] = []
        self.peer: tuple[str, int] | None = None
        self.open = True
        protocol.makeConnection(self)

    def connect(self, host: str, port: int) -> None:
        """Remember whom."""
        self.peer = (host, port)

    def write(self, datagram: bytes) -> None:
        """Remember what."""
        self.sent.append(datagram)

    def stopListening(self) -> None:  # noqa: N802
        """Close."""
        self.open = False


class Network(MemoryReactorClock):
    """A reactor in memory that knows UDP too."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ports: list[Port] = []

    def listenUDP(self, port: int, protocol: Any, interface: str = "") -> Port:  # noqa: N802
        """Open a port."""
        assert port == 0
        self.ports.append(Port(protocol, interface))
        return self.ports[-1]


def asked(network: Network, server: tuple[str, int] = SERVER, name: str = "a.example") -> tuple[list[Any], list[Any]]:
    """Ask for TXT records; what comes of it."""
    exchange = Exchange(network, lambda count: b"\x12\x34"[:count])
    answers: list[Any] = []
    failures: list[Any] = []
    work: Coroutine[Any, Any, dns.Message] = exchange.ask(server, name, dns.TXT, Deadline(network, 5))
    Deferred.fromCoroutine(work).addCallbacks(answers.append, lambda failure: failures.append(failure.value))
    return answers, failures


def reply(question: bytes, **fields: Any) -> bytes:
    """An answer to a question."""
    message = dns.Message()
    message.fromStr(question)
    message.answer = 1
    payload: Any = dns.Record_TXT(b"text")  # type: ignore[no-untyped-call]
    message.answers = [dns.RRHeader("a.example", dns.TXT, payload=payload)]
    for key, value in fields.items():
        setattr(message, key, value)
    return message.toStr()


def test_an_answer_over_udp() -> None:
    """The question goes to the server alone, the port is closed afterwards."""
    network = Network()
    answers, failures = asked(network)
    (port,) = network.ports
    assert (port.peer, port.interface, len(port.sent)) == (SERVER, "0.0.0.0", 1)
    assert port.sent[0][:4] == b"\x12\x34\x01\x20"  # recursion, please, and a word about DNSSEC
    port.protocol.datagramReceived(reply(port.sent[0]), SERVER)
    port.protocol.datagramReceived(reply(port.sent[0]), SERVER)
    assert answers[0].answers[0].payload.data == [b"text"]
    assert failures == []
    assert not port.open
    assert network.getDelayedCalls() == []


def test_a_server_with_an_ipv6_address() -> None:
    """The port is of the same family."""
    network = Network()
    asked(network, ("2001:db8::53", 5353))
    assert (network.ports[0].interface, network.ports[0].peer) == ("::", ("2001:db8::53", 5353))


@pytest.mark.parametrize(
    "fields",
    [
        {"id": 1},
        {"answer": 0},
        {"queries": []},
        {"queries": [dns.Query(b"b.example", dns.TXT)]},
        {"queries": [dns.Query(b"a.example", dns.A)]},
    ],
)
def test_what_does_not_answer_the_question_is_not_heard(fields: dict[str, Any]) -> None:
    """Another id, another question, no answer: wait on."""
    network = Network()
    answers, failures = asked(network)
    port = network.ports[0]
    port.protocol.datagramReceived(reply(port.sent[0], **fields), SERVER)
    port.protocol.datagramReceived(b"nonsense", SERVER)
    assert answers == failures == []
    port.protocol.datagramReceived(reply(port.sent[0]), SERVER)
    assert len(answers) == 1


def test_names_are_compared_without_case() -> None:
    """As DNS has it."""
    network = Network()
    answers, _ = asked(network, name="A.example")
    port = network.ports[0]
    port.protocol.datagramReceived(reply(port.sent[0], queries=[dns.Query(b"a.EXAMPLE", dns.TXT)]), SERVER)
    assert len(answers) == 1


def test_silence_ends_with_the_deadline() -> None:
    """And the port is closed."""
    network = Network()
    answers, failures = asked(network)
    network.advance(5)
    assert answers == []
    assert isinstance(failures[0], TimedOut)
    assert not network.ports[0].open
    network.ports[0].protocol.connectionRefused()


def test_a_closed_port_is_told_at_once() -> None:
    """Where the system tells us."""
    network = Network()
    _, failures = asked(network)
    network.ports[0].protocol.connectionRefused()
    assert isinstance(failures[0], ConnectError)


def over_tcp(network: Network, server: tuple[str, int] = SERVER) -> tuple[list[Any], list[Any], Any, Any]:
    """A question whose answer did not fit, asked again over TCP."""
    answers, failures = asked(network, server)
    port = network.ports[0]
    port.protocol.datagramReceived(reply(port.sent[0], trunc=1, answers=[]), SERVER)
    host, number, factory, *_ = network.tcpClients[0]
    assert (host, number) == server
    protocol: Any = factory.buildProtocol(None)
    transport = StringTransport()  # type: ignore[no-untyped-call]
    protocol.makeConnection(transport)
    return answers, failures, protocol, transport


@pytest.mark.parametrize("server", [SERVER, ("2001:db8::53", 53)])
def test_a_truncated_answer_is_fetched_over_tcp(server: tuple[str, int]) -> None:
    """With its length in front; the connection is cut afterwards."""
    answers, failures, protocol, transport = over_tcp(Network(), server)
    question = transport.value()[2:]
    assert transport.value()[:2] == len(question).to_bytes(2, "big")
    for wire in (reply(question, id=7), reply(question), reply(question)):
        protocol.dataReceived(len(wire).to_bytes(2, "big") + wire)
    assert answers[0].answers[0].payload.data == [b"text"]
    assert failures == []
    assert transport.disconnected
    protocol.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]


def test_a_server_that_hangs_up_is_a_failure() -> None:
    """Before it answered."""
    answers, failures, protocol, _ = over_tcp(Network())
    protocol.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
    assert answers == []
    assert isinstance(failures[0], ConnectionDone)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(wire: bytes) -> None:
    """Any message is the answer or none."""
    question = Question("a.example", dns.TXT, 0)
    question.answered_by(wire)
    question.answered_by(b"\x00\x00\x81\x80" + wire)
    question.answered_by(question.wire[:2] + b"\x81\x80\x00\x01\x00\x09\x00\x00\x00\x00" + question.wire[12:] + wire)
