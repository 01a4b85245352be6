"""Fetching http-01 answers, on a network in memory."""

from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError, ConnectionLost, ConnectionRefusedError  # noqa: A004
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseNeverReceived

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName
from emca_daemon.outbound import http
from emca_daemon.outbound.http import HttpFetcher
from emca_daemon.outbound.redirects import Target
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import FetchFailure, HttpAnswer
from emca_daemon.settings.acme import AcmeSettings, NetworkSettings

PATH = "/.well-known/acme-challenge/token"
URL = f"http://a.example:5002{PATH}"


class Names:
    """Stands for look-ups: a table of names, each of whose look-ups is counted."""

    def __init__(self, **table: tuple[str, ...]) -> None:
        self._table = {"a": ("192.0.2.1",), **table}
        self.asked: list[str] = []

    async def addresses(self, name: str, deadline: Deadline) -> tuple[str, ...]:
        """The addresses of the first label."""
        self.asked.append(name)
        assert not deadline.passed
        addresses = self._table.get(name.split(".", maxsplit=1)[0])
        if addresses is None:
            raise Refused(Reason.NOT_FOUND, f"{name} has no address")
        return addresses


class Fetching:
    """One fetch under way: the connections it opens, and what came of it."""

    def __init__(self, names: Names | None = None, allow: tuple[str, ...] = ("192.0.2.0/24", "2001:db8::/32")) -> None:
        self.reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
        self.names = names or Names()
        settings = AcmeSettings(
            base_url="https://ca.example/acme",
            profile=ProfileName("server"),
            http_port=5002,
            network=NetworkSettings(allow_networks=allow),
        )
        fetcher = HttpFetcher(self.reactor, self.names, settings)  # type: ignore[arg-type]
        self.results: list[Any] = []
        self.fetch: Deferred[Any] = Deferred.fromCoroutine(fetcher.fetch("a.example", PATH))
        self.fetch.addBoth(self.results.append)

    @property
    def result(self) -> Any:
        """What came of it; nothing is left to happen."""
        (found,) = self.results
        assert self.reactor.getDelayedCalls() == []
        return found

    def opened(self) -> list[tuple[str, int]]:
        """The connections, in order."""
        return [(host, port) for host, port, *_ in self.reactor.tcpClients]

    def connect(self) -> tuple[Any, Any]:
        """Accept the newest connection."""
        factory: Any = self.reactor.tcpClients[-1][2]
        protocol = factory.buildProtocol(None)
        transport: Any = StringTransport()  # type: ignore[no-untyped-call]
        transport.abortConnection = transport.loseConnection
        transport.setTcpNoDelay = bool
        protocol.makeConnection(transport)
        return protocol, transport

    def answer(self, content: bytes, *, close: bool = False) -> Any:
        """Accept the newest connection and answer; the request's bytes."""
        protocol, transport = self.connect()
        protocol.dataReceived(content)
        if close:
            protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
        return transport.value()

    def refuse(self) -> None:
        """Refuse the newest connection."""
        factory: Any = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))  # type: ignore[no-untyped-call]


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    """A response that leads elsewhere."""
    return response(b"moved", status, f"Location: {location}")


def test_an_answer_is_fetched() -> None:
    """From the address that was judged, with the name in the Host header."""
    fetching = Fetching()
    request = fetching.answer(response(b"token.thumbprint"))
    assert fetching.opened() == [("192.0.2.1", 5002)]
    assert request.startswith(f"GET {PATH} HTTP/1.1\r\n".encode())
    assert b"Host: a.example:5002\r\n" in request
    assert b"User-Agent: emca-daemon" in request
    assert fetching.result == HttpAnswer(200, b"token.thumbprint", URL, "192.0.2.1")
    assert fetching.names.asked == ["a.example"]


def test_any_status_is_an_answer() -> None:
    """Judged elsewhere, a redirect to nowhere as well."""
    fetching = Fetching()
    fetching.answer(response(b"no", "404 Not Found"))
    assert fetching.result.status == 404
    fetching = Fetching()
    fetching.answer(response(b"no", "302 Found"))
    assert fetching.result.status == 302


def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    """As servers without Content-Length have it."""
    fetching = Fetching()
    fetching.answer(b"HTTP/1.0 200 OK\r\n\r\ntoken", close=True)
    assert fetching.result.body == b"token"


def test_no_more_than_four_kilobytes_are_read() -> None:
    """The connection is cut then."""
    fetching = Fetching()
    protocol, transport = fetching.connect()
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 4000)
    assert fetching.results == []
    protocol.dataReceived(b"y" * 4000)
    assert fetching.result.body == b"x" * 4000 + b"y" * 96
    assert transport.disconnecting


def test_endless_headers_are_cut() -> None:
    """After 64 KiB, whatever they hold."""
    fetching = Fetching()
    protocol, transport = fetching.connect()
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\n")
    for _ in range(700):
        protocol.dataReceived(b"X-Filler: " + b"x" * 90 + b"\r\n")
    assert transport.disconnecting
    protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert fetching.result.kind == "connection"


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_redirects_are_followed(status: str) -> None:
    """To another name, which is looked up anew."""
    fetching = Fetching(Names(b=("192.0.2.2",)))
    fetching.answer(redirect("http://b.example/x", status))
    fetching.answer(response(b"ok"))
    assert fetching.opened() == [("192.0.2.1", 5002), ("192.0.2.2", 80)]
    assert fetching.result == HttpAnswer(200, b"ok", "http://b.example/x", "192.0.2.2")
    assert fetching.names.asked == ["a.example", "b.example"]


def test_ten_redirects_are_enough() -> None:
    """The eleventh is not followed."""
    fetching = Fetching()
    for _ in range(11):
        fetching.answer(redirect("/again"))
    assert fetching.result == FetchFailure("connection", "a.example redirects more than 10 times")
    assert len(fetching.opened()) == 11


@pytest.mark.parametrize(
    "location", ["http://a.example:22/", "ftp://a.example/", "http://192.0.2.9/", "http://x:y@a.example/", "\x7f"]
)
def test_redirects_elsewhere_are_not_followed(location: str) -> None:
    """Other ports and schemes, addresses, user names."""
    fetching = Fetching()
    fetching.answer(redirect(location))
    assert fetching.result.kind == "connection"
    assert len(fetching.opened()) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1"])
def test_refused_addresses_are_not_reached(address: str) -> None:
    """Neither at first nor after a redirect."""
    fetching = Fetching(Names(a=(address,)))
    assert fetching.result.kind == "refused-address"
    assert address in fetching.result.detail
    assert fetching.opened() == []
    fetching = Fetching(Names(b=(address,)))
    fetching.answer(redirect("http://b.example/"))
    assert fetching.result.kind == "refused-address"
    assert len(fetching.opened()) == 1


def test_only_permitted_addresses_of_a_name_are_tried() -> None:
    """The others are passed over."""
    fetching = Fetching(Names(a=("127.0.0.1", "192.0.2.7")))
    assert fetching.opened() == [("192.0.2.7", 5002)]


def test_a_name_without_address_is_a_dns_failure() -> None:
    """At first and after a redirect."""
    fetching = Fetching()
    fetching.answer(redirect("http://nowhere.example/"))
    assert fetching.result == FetchFailure("dns", "nowhere.example has no address")


def test_the_next_address_is_tried_where_one_cannot_be_reached() -> None:
    """IPv6 first, then IPv4; an answer ends it."""
    fetching = Fetching(Names(a=("2001:db8::1", "192.0.2.1", "192.0.2.2")))
    fetching.refuse()
    fetching.answer(response(b"ok"))
    assert fetching.opened() == [("2001:db8::1", 5002), ("192.0.2.1", 5002)]
    assert fetching.result.address == "192.0.2.1"


def test_four_addresses_are_enough() -> None:
    """The failure names the last."""
    fetching = Fetching(Names(a=tuple(f"192.0.2.{number}" for number in range(1, 9))))
    for _ in range(4):
        fetching.refuse()
    assert fetching.result == FetchFailure("connection", f"{URL} at 192.0.2.4 cannot be reached")


def test_a_silent_address_leaves_time_for_the_next() -> None:
    """Four seconds to connect."""
    fetching = Fetching(Names(a=("192.0.2.1", "192.0.2.2")))
    assert fetching.reactor.tcpClients[0][3] == 4.0
    fetching.reactor.advance(9)
    fetching.refuse()
    fetching.answer(response(b"ok"))
    assert fetching.result.address == "192.0.2.2"


def test_everything_ends_after_ten_seconds() -> None:
    """A server that takes the connection and says nothing, or half of it."""
    for said in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoken"):
        fetching = Fetching(Names(a=("192.0.2.1", "192.0.2.2")))
        protocol, transport = fetching.connect()
        protocol.dataReceived(said)
        fetching.reactor.advance(10)
        if not fetching.results:
            protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
        assert fetching.result == FetchFailure("connection", f"{URL} at 192.0.2.1 did not answer in time")
        assert transport.disconnecting
        assert len(fetching.opened()) == 1


@pytest.mark.parametrize("said", [None, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoken"])
def test_a_fetch_that_is_cancelled_ends(said: bytes | None) -> None:
    """At any step, without another address being tried."""
    fetching = Fetching(Names(a=("192.0.2.1", "192.0.2.2")))
    if said is not None:
        protocol, _ = fetching.connect()
        protocol.dataReceived(said)
    fetching.fetch.cancel()
    if not fetching.results:
        protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert fetching.result.check(CancelledError, ConnectingCancelledError)
    assert len(fetching.opened()) == 1


def test_the_end_comes_while_connecting_too() -> None:
    """To the last address that there was time for."""
    fetching = Fetching(Names(a=("192.0.2.1", "192.0.2.2", "192.0.2.3")))
    fetching.reactor.advance(7)
    fetching.refuse()
    fetching.reactor.advance(3)
    assert fetching.result == FetchFailure("connection", f"{URL} at 192.0.2.2 did not answer in time")
    assert len(fetching.opened()) == 2


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_what_is_no_complete_answer(said: bytes) -> None:
    """Another protocol, or a connection that ends too soon."""
    fetching = Fetching()
    protocol, _ = fetching.connect()
    protocol.dataReceived(said)
    protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert fetching.result == FetchFailure("connection", f"{URL} at 192.0.2.1 did not give a complete HTTP answer")


def test_tls_is_spoken_where_a_redirect_wants_it() -> None:
    """On the port of https, with the name of the server."""
    fetching = Fetching(Names(b=("192.0.2.2",)))
    fetching.answer(redirect("https://b.example/"))
    _, transport = fetching.connect()
    assert fetching.opened()[1] == ("192.0.2.2", 443)
    assert transport.value()[:1] == b"\x16"
    assert b"b.example" in transport.value()


def test_what_speaks_no_tls_is_told() -> None:
    """A failure of its own kind."""
    fetching = Fetching(Names(b=("192.0.2.2",)))
    fetching.answer(redirect("https://b.example/"))
    protocol, _ = fetching.connect()
    protocol.dataReceived(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert fetching.result == FetchFailure("tls", "https://b.example/ at 192.0.2.2 does not speak TLS with us")


def test_failures_are_sorted_by_their_reasons() -> None:
    """TLS errors hide in the reasons of twisted's own."""
    here = Target("https", "a.example", 443, "https://a.example/")
    error = ResponseNeverReceived([Failure(SSL.Error([]))])  # type: ignore[no-untyped-call]
    assert http._failure(here, "192.0.2.1", error, late=False).kind == "tls"
    assert http._failure(here, "192.0.2.1", error, late=True).kind == "connection"
