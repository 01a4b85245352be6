"""What is particular to the twisted.web front end."""

import pytest

from emca_daemon.listeners.web import Guard
from emca_daemon.protocols.http import Peer, Request, Response
from tests.listeners.stage import Stage, Told

REQUEST = Request("GET", "/", "", (), b"", Peer("192.0.2.7"), "id-1")


class Broken:
    """A responder in which nothing works."""

    max_body = 0

    def respond(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError

    def waits(self, request: Request) -> bool:
        """Raises."""
        raise ZeroDivisionError

    def failed(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError

    def busy(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError

    def toils(self, request: Request) -> bool:
        """Raises."""
        raise ZeroDivisionError

    def too_large(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError


def test_even_a_responder_in_which_nothing_works_is_answered_for() -> None:
    """A plain 500 with the request id, a plain 503 and 413, and the pool as the safe place to run."""
    stage = Stage("web")
    guard = Guard(stage.log)
    assert guard.respond(Broken(), REQUEST) == Response(
        500, b"internal error id-1\n", (("content-type", "text/plain; charset=utf-8"),)
    )
    assert guard.waits(Broken(), REQUEST) is True
    assert guard.toils(Broken(), REQUEST) is True
    assert (guard.busy(Broken(), REQUEST).status, guard.too_large(Broken(), REQUEST).status) == (503, 413)
    assert stage.log_output.getvalue().count("ZeroDivisionError") >= 6


def test_an_empty_line_before_a_request_is_skipped() -> None:
    """As old clients send it after a body."""
    client = Stage("web").connect()
    client.send(b"\r\nGET /here HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [answer.status for answer in client.answers()] == [200]


def test_old_clients_that_ask_for_it_may_go_on() -> None:
    """HTTP/1.0 with `Connection: keep-alive`, as clients of CMP speak; without it the connection ends."""
    client = Stage("web").connect()
    client.send(b"GET /here HTTP/1.0\r\nConnection: Keep-Alive, x\r\n\r\n")
    client.send(b"GET /here HTTP/1.0\r\n\r\n")
    first, second = client.answers()
    assert dict(first.headers)["connection"] == "keep-alive"
    assert dict(second.headers)["connection"] == "close"


def test_forms_are_not_parsed() -> None:
    """Whatever the Content-Type says, the body reaches the responder as it was sent."""
    stage = Stage("web")
    client = stage.connect()
    client.send(
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nCookie: a=b\r\n\r\na=b"
    )
    assert client.answers()[0].status == 200
    assert stage.responder.requests[0].body == b"a=b"


def test_methods_that_are_not_ascii_are_refused() -> None:
    """400, as for any request line that cannot be read."""
    stage = Stage("web")
    client = stage.connect()
    client.send(b"G\xc3\x89T /here HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [answer.status for answer in client.answers()] == [400]
    assert stage.responder.requests == []


def test_a_client_that_leaves_in_the_middle_of_a_large_body_is_forgotten() -> None:
    """Nothing is written any more, and nothing raises."""
    stage = Stage("web", Told(lambda _: Response(200, b"x" * 1_000_000)))
    client = stage.connect()
    write = client.wire.write

    def write_and_pause(data: bytes) -> None:
        """A transport that is full at once."""
        write(data)
        client.protocol.pauseProducing()  # type: ignore[attr-defined]

    client.wire.write = write_and_pause  # type: ignore[method-assign]
    client.get()
    client.protocol.stopProducing()  # type: ignore[attr-defined]
    client.leave()
    written = len(client.wire.value())
    client.protocol.resumeProducing()  # type: ignore[attr-defined]
    assert len(client.wire.value()) == written


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_connection_is_refused_once(refusals: int) -> None:
    """However often something is wrong with it."""
    stage = Stage("web")
    client = stage.connect()
    for _ in range(refusals):
        client.protocol.refuse(400)  # type: ignore[attr-defined]
    assert [answer.status for answer in client.answers()] == [400]
    assert len(stage.observed) == 1
