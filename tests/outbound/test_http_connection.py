"""Connections for one request."""

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from emca_daemon.outbound.http_connection import (
    MAX_RECEIVED,
    Beginning,
    LimitedEndpoint,
    PinnedEndpoints,
    UnverifiedTls,
)


class Listening(Protocol):
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard = b""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Remember."""
        self.heard += data


def connected(endpoint: LimitedEndpoint, reactor: Any) -> tuple[Any, Any, Any]:
    """The protocol given out, the one at the transport, and the transport."""
    given: list[Any] = []
    endpoint.connect(Factory.forProtocol(Listening)).addCallback(given.append)  # type: ignore[arg-type]
    outer = reactor.tcpClients[-1][2].buildProtocol(None)
    transport = StringTransport()  # type: ignore[no-untyped-call]
    transport.abortConnection = transport.loseConnection  # type: ignore[method-assign]
    outer.makeConnection(transport)
    return given[0], outer, transport


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_goes_to_the_address(address: str) -> None:
    """Of either version, with a time-out."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    connected(LimitedEndpoint(reactor, address, 80, 4), reactor)
    assert reactor.tcpClients[0][:2] == (address, 80)
    assert reactor.tcpClients[0][3] == 4


def test_what_is_received_is_limited() -> None:
    """What is within the limit is handed on, then the connection is cut."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    given, outer, transport = connected(LimitedEndpoint(reactor, "192.0.2.1", 80, 4), reactor)
    outer.dataReceived(b"x" * (MAX_RECEIVED - 1))
    assert not transport.disconnecting
    outer.dataReceived(b"yz")
    assert transport.disconnecting
    assert given.heard == b"x" * (MAX_RECEIVED - 1) + b"y"


def test_a_connection_is_cut_at_will() -> None:
    """Before there is one there is nothing to do."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    endpoint = LimitedEndpoint(reactor, "192.0.2.1", 80, 4)
    endpoint.cut()
    _, _, transport = connected(endpoint, reactor)
    endpoint.cut()
    assert transport.disconnecting


def test_a_pinned_endpoint_is_given_for_every_uri() -> None:
    """Whatever the URI says."""
    endpoint = object()
    assert PinnedEndpoints(endpoint).endpointForURI("http://other.example/") is endpoint


def test_tls_names_its_server_and_verifies_nothing() -> None:
    """The name goes into the handshake."""
    connection = UnverifiedTls("a.example").clientConnectionForTLS(None)
    assert connection.get_servername() == b"a.example"
    assert connection.get_verify_mode() == 0


@pytest.mark.parametrize("end", [ResponseDone(), PotentialDataLoss()])
def test_a_short_body_is_taken_whole(end: Exception) -> None:
    """At its end."""
    beginning = Beginning(10)
    beginning.dataReceived(b"abc")
    beginning.connectionLost(Failure(end))  # type: ignore[no-untyped-call]
    assert beginning.taken.result == b"abc"


def test_a_long_body_is_taken_up_to_the_limit() -> None:
    """As soon as it is reached, once."""
    beginning = Beginning(4)
    for data in (b"ab", b"cdef", b"gh"):
        beginning.dataReceived(data)
    beginning.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert beginning.taken.result == b"abcd"


def test_a_body_that_breaks_off_is_a_failure() -> None:
    """With its reason."""
    beginning = Beginning(4)
    failures: list[Any] = []
    beginning.taken.addErrback(failures.append)
    beginning.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
    assert isinstance(failures[0].value, ConnectionDone)
