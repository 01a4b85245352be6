"""An endpoint under any host name."""

import pytest

from emca_daemon.protocols.http import Peer, Request, Response
from emca_daemon.protocols.pebble.hosts import HostResponders


class Named:
    """Answers with the name that it was made for."""

    max_body = 7

    def __init__(self, host: str) -> None:
        self.host = host

    def respond(self, _request: Request) -> Response:
        """The name."""
        return Response(200, self.host.encode())

    def waits(self, request: Request) -> bool:
        """As the method says."""
        return request.method == "POST"

    def failed(self, _request: Request) -> Response:
        """The name."""
        return Response(500, self.host.encode())

    def busy(self, _request: Request) -> Response:
        """The name."""
        return Response(503, self.host.encode())


def request(host: str | None, method: str = "GET") -> Request:
    """A request with that Host."""
    headers = () if host is None else (("host", host),)
    return Request(method, "/dir", "", headers, b"", Peer("192.0.2.1"), "r-1")


@pytest.mark.parametrize("host", ["localhost:14000", "pebble", "127.0.0.1:1", "[::1]:14000", "Pebble.Example"])
def test_every_host_has_its_own(host: str) -> None:
    """In lower case, with its port."""
    responder = HostResponders(Named, "usual:1")
    assert responder.respond(request(host)).body == host.lower().encode()
    assert responder.failed(request(host)).body == host.lower().encode()
    assert responder.busy(request(host)).body == host.lower().encode()
    assert responder.max_body == 7
    assert responder.waits(request(host, "POST"))


@pytest.mark.parametrize("host", [None, "", "a b", "a/b", "x" * 300, "a:b", 'a"', "[x]"])
def test_what_is_no_host(host: str | None) -> None:
    """The usual one stands in."""
    assert HostResponders(Named, "usual:1").respond(request(host)).body == b"usual:1"


def test_memory_is_bounded() -> None:
    """Those not used for longest are made anew; the usual one is there whatever happens."""
    made: list[str] = []

    def make(host: str) -> Named:
        made.append(host)
        return Named(host)

    responder = HostResponders(make, "usual:1")
    for number in range(200):
        assert responder.respond(request(f"h{number}")).status == 200
    responder.respond(request("h199"))
    assert len(made) == 201
    assert len(responder._made) == 64
    responder.respond(request("h0"))
    assert made[-1] == "h0"
