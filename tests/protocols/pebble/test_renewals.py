"""Renewal information set by hand."""

import pytest

from emca_daemon.names import SerialNumber
from emca_daemon.protocols.http import Headers, Peer, Request, Response
from emca_daemon.protocols.pebble.renewals import OverridingResponder, Renewals, serial_of
from tests.support.acme_client import b64

ANSWER = '{"suggestedWindow": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}}'
IDENTIFIER = b64(b"key") + "." + b64(b"\x01\x02")


class Endpoint:
    """Answers everything alike."""

    max_body = 7

    def __init__(self, status: int = 200, headers: Headers = ()) -> None:
        self._response = Response(status, b"own", headers)

    def respond(self, _request: Request) -> Response:
        """The answer."""
        return self._response

    def waits(self, _request: Request) -> bool:
        """Always."""
        return True

    def failed(self, _request: Request) -> Response:
        """A status."""
        return Response(500)

    def busy(self, _request: Request) -> Response:
        """A status."""
        return Response(503)


def overriding(renewals: Renewals, endpoint: Endpoint | None = None) -> OverridingResponder:
    """With renewal information at /acme/renewal-info, and 9 seconds for orders."""
    return OverridingResponder(
        endpoint or Endpoint(), renewals, renewal_path="/acme/renewal-info", waits={"/acme/order/": 9}
    )


def request(path: str, method: str = "GET") -> Request:
    """A request."""
    return Request(method, path, "", (), b"", Peer("192.0.2.1"), "r-1")


def test_what_was_set_is_answered() -> None:
    """Verbatim, with Retry-After; other certificates, and other methods, are the endpoint's."""
    renewals = Renewals()
    renewals.set(SerialNumber(0x0102), ANSWER)
    responder = overriding(renewals)
    answer = responder.respond(request(f"/acme/renewal-info/{IDENTIFIER}"))
    assert answer.body.decode() == ANSWER
    assert answer.header("retry-after") == "21600"
    for path, method in (
        (f"/acme/renewal-info/{b64(b'key')}.{b64(b'other')}", "GET"),
        ("/acme/renewal-info/x", "GET"),
        (f"/acme/renewal-info/{IDENTIFIER}", "POST"),
        ("/acme/directory", "GET"),
    ):
        assert responder.respond(request(path, method)).body == b"own"


def test_waits_are_those_of_the_configuration() -> None:
    """Where the endpoint says Retry-After at all, and the request was a success."""
    slow = Endpoint(headers=(("Retry-After", "1"), ("Link", "x")))
    responder = overriding(Renewals(), slow)
    waiting = responder.respond(request("/acme/order/1", "POST"))
    assert waiting.headers == (("Link", "x"), ("Retry-After", "9"))
    assert responder.respond(request("/acme/other/1", "POST")).header("retry-after") == "1"
    refused = overriding(Renewals(), Endpoint(429, (("Retry-After", "1"),)))
    assert refused.respond(request("/acme/order/1", "POST")).header("retry-after") == "1"
    assert overriding(Renewals()).respond(request("/acme/order/1", "POST")).headers == ()


def test_the_rest_is_the_endpoint_s() -> None:
    """How it is run, and how it fails."""
    responder = overriding(Renewals())
    assert responder.max_body == 7
    assert responder.waits(request("/"))
    assert responder.failed(request("/")).status == 500
    assert responder.busy(request("/")).status == 503


@pytest.mark.parametrize("identifier", ["", "x", "a.", "a.é", "a.%", "a.x" + "A" * 80, "a.A"])
def test_identifiers_that_are_none(identifier: str) -> None:
    """No serial number, no error."""
    assert serial_of(identifier) is None


def test_memory_is_bounded() -> None:
    """The oldest answer goes first."""
    renewals = Renewals()
    for number in range(10_001):
        renewals.set(SerialNumber(number), ANSWER)
    assert renewals.get(SerialNumber(0)) is None
    assert renewals.get(SerialNumber(1)) == ANSWER
