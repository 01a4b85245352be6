"""One connection: order, pauses, and an end after many requests."""

import contextlib
import socket

import pytest

from emca_daemon.listeners import connection
from emca_daemon.listeners.connection import MOST_WAITING
from emca_daemon.protocols.http import Response
from tests.listeners.stage import Stage, Told, parse

GET = b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n"


def test_http_1_0_may_keep_its_connection() -> None:
    """If it asks, and is told so; nginx and old clients do."""
    client = Stage().connect()
    client.send(b"GET /here HTTP/1.0\r\nConnection: Keep-Alive, x\r\n\r\n")
    client.send(b"GET /here HTTP/1.0\r\n\r\n")
    first, second = client.answers()
    assert (first.headers["connection"], second.headers["connection"]) == ("keep-alive", "close")
    assert client.gone


def test_an_empty_line_before_a_request_is_skipped() -> None:
    """As old clients send it after a body."""
    client = Stage().connect()
    client.send(b"\r\n" + GET)
    assert [answer.status for answer in client.answers()] == [200]


def test_forms_are_not_parsed() -> None:
    """Whatever the Content-Type says, the body reaches the responder as it was sent."""
    stage = Stage()
    client = stage.connect()
    client.send(
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nCookie: a=b\r\n\r\na=b"
    )
    assert client.answers()[0].status == 200
    assert stage.responder.requests[0].body == b"a=b"


def test_methods_that_are_not_ascii_are_refused() -> None:
    """As any method that nobody knows."""
    stage = Stage()
    client = stage.connect()
    client.send(b"G\xc3\x89T /here HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [answer.status for answer in client.answers()] == [501]
    assert stage.responder.requests == []


def test_a_connection_ends_after_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last answer says so; what was sent behind it is not answered."""
    monkeypatch.setattr(connection, "MOST_REQUESTS", 3)
    client = Stage().connect()
    client.send(GET * 5)
    answers = client.answers()
    assert [answer.headers.get("connection") for answer in answers] == [None, None, "close"]
    assert client.gone


def test_reading_pauses_while_many_requests_wait() -> None:
    """And goes on when they have been answered."""
    stage = Stage(Told(waits=True), mode="threads")
    client = stage.connect()
    client.send(GET * (MOST_WAITING + 2))
    assert client.wire.producerState == "paused"
    for _ in range(MOST_WAITING + 2):
        stage.reactor.run_one()
    assert client.wire.producerState == "producing"
    assert len(client.answers()) == MOST_WAITING + 2
    stage.execution.stop(5)


def test_nothing_is_answered_while_the_peer_does_not_read() -> None:
    """Requests wait until it does; if it never does it is cut off."""
    stage = Stage()
    client = stage.connect()
    client.protocol.pauseProducing()  # type: ignore[attr-defined]
    client.send(GET)
    assert client.answers() == []
    assert client.wire.producerState == "paused"
    client.protocol.resumeProducing()  # type: ignore[attr-defined]
    assert len(client.answers()) == 1
    client.protocol.pauseProducing()  # type: ignore[attr-defined]
    stage.pass_time(21)
    assert client.wire.aborted


def test_a_refusal_waits_for_the_answers_before_it() -> None:
    """The second request is not readable, the first is still being answered."""
    stage = Stage(Told(waits=True), mode="threads")
    client = stage.connect()
    client.send(GET + b"nonsense\r\n\r\n")
    assert client.answers() == []
    stage.reactor.run_one()
    assert [answer.status for answer in client.answers()] == [200, 400 if client.gone else 501]
    stage.execution.stop(5)


def test_continue_waits_for_the_answers_before_it() -> None:
    """A client that pipelines a waiting body behind a request still gets things in order."""
    stage = Stage(Told(waits=True), mode="threads")
    client = stage.connect()
    client.send(GET + b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert client.wire.value() == b""
    stage.reactor.run_one()
    assert client.wire.value().endswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    client.send(b"ok")
    stage.reactor.run_one()
    assert client.wire.value().endswith(b"POST /here? ok")
    stage.execution.stop(5)


def test_what_follows_the_last_request_is_dropped() -> None:
    """Nothing is read behind `Connection: close`."""
    stage = Stage(Told(waits=True), mode="threads")
    client = stage.connect()
    client.get("/here", "Connection: close")
    stage.reactor.run_one()
    client.send(GET)
    assert len(stage.responder.requests) == 1
    stage.execution.stop(5)


def test_a_client_that_leaves_in_the_middle_of_a_large_body_is_forgotten() -> None:
    """Nothing more is written to it."""
    stage = Stage(Told(lambda _: Response(200, b"x" * 1_000_000)))
    client = stage.connect()
    write = client.wire.write

    def write_and_pause(data: bytes) -> None:
        """A transport that is full at once."""
        write(data)
        client.protocol.pauseProducing()  # type: ignore[attr-defined]

    client.wire.write = write_and_pause  # type: ignore[method-assign]
    client.get()
    written = len(client.wire.value())
    client.protocol.stopProducing()  # type: ignore[attr-defined]
    client.leave()
    client.protocol.resumeProducing()  # type: ignore[attr-defined]
    assert len(client.wire.value()) == written


def test_stopping_twice_changes_nothing() -> None:
    """A connection that is closing already is left to it."""
    stage = Stage()
    client = stage.connect()
    client.protocol.finish()  # type: ignore[attr-defined]
    client.protocol.finish()  # type: ignore[attr-defined]
    assert client.gone


def test_responses_go_straight_into_a_socket_that_takes_them() -> None:
    """The reactor is not troubled; closing works as ever."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = Stage().connect(ours)
        client.send(GET)
        assert client.wire.value() == b""
        assert theirs.recv(65_536).endswith(b"\r\n\r\nGET /here? ")


def test_what_a_socket_does_not_take_goes_through_the_transport() -> None:
    """In order, the first part having gone out already, and all that follows too."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        stage = Stage(Told(lambda _: Response(200, b"x" * 100_000)))
        client = stage.connect(ours)
        client.send(GET * 10)
        received = b""
        theirs.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                received += theirs.recv(1_000_000)
        answers = parse(received + client.wire.value())
        assert [len(answer.body) for answer in answers] == [100_000] * 10
        assert client.wire.value() != b""


def test_nothing_overtakes_a_large_body() -> None:
    """Whose pieces go through the transport, as does everything behind it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = Stage(Told(lambda _: Response(200, b"x" * 300_000))).connect(ours)
        client.send(GET)
        client.get("/elsewhere")
        answers = parse(theirs.recv(1_000_000) + client.wire.value())
        assert [answer.status for answer in answers] == [200, 404]


def test_a_socket_whose_other_end_is_gone_is_left_to_the_transport() -> None:
    """Which finds out by itself, and reports the loss."""
    ours, theirs = socket.socketpair()
    with ours:
        client = Stage().connect(ours)
        theirs.close()
        client.send(GET)
        assert client.answers()[0].status == 200
        client.protocol.stopProducing()  # type: ignore[attr-defined]
        client.leave()
        assert client.gone
