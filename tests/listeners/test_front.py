"""What a listener makes of requests and responses, and how large bodies are written."""

import json

import pytest

from emca_daemon.listeners.front import LARGE, PIECE, GradualBody
from emca_daemon.protocols.http import Response
from emca_daemon.settings.model import ListenerSettings
from tests.listeners.stage import Client, Stage, Told


def events(stage: Stage) -> list[dict[str, object]]:
    """What was logged."""
    return [json.loads(line) for line in stage.log_output.getvalue().splitlines()]


def test_a_request_reaches_its_responder_as_it_was_sent() -> None:
    """Path and query stay encoded and are never normalised; names of fields are lower-case, values trimmed."""
    stage = Stage()
    client = stage.connect()
    client.get("/here/a%2Fb//c/../d?x=%20&y", "X-Thing:   two words ")
    [answer] = client.answers()
    assert (answer.status, answer.body) == (200, b"GET /here/a%2Fb//c/../d?x=%20&y ")
    [request] = stage.responder.requests
    assert (request.method, request.path, request.query) == ("GET", "/here/a%2Fb//c/../d", "x=%20&y")
    assert request.header("x-thing") == "two words"
    assert (request.peer.address, request.peer.port, request.secure) == ("192.0.2.7", 4711, False)
    assert request.id == "ab" * 8


def test_responses_have_length_date_and_server() -> None:
    """And exactly the fields that the responder gave."""
    stage = Stage(Told(lambda _: Response(201, b"done", (("content-type", "text/x"), ("link", "<a>")))))
    client = stage.connect()
    client.get()
    [answer] = client.answers()
    assert answer.status == 201
    assert answer.headers == {
        "content-type": "text/x",
        "link": "<a>",
        "content-length": "4",
        "date": "Wed, 02 Jan 2030 12:00:00 GMT",
        "server": "emca-daemon",
    }


def test_the_path_below_no_mount_is_not_found() -> None:
    """404 in plain text, and the connection goes on."""
    stage = Stage()
    client = stage.connect()
    client.get("/herewards")
    client.get()
    first, second = client.answers()
    assert (first.status, first.body, second.status) == (404, b"Not Found\n", 200)
    assert stage.observed == [("main", "none", 404), ("main", "stage", 200)]


def test_head_gets_the_head_only() -> None:
    """With the length that the body would have."""
    client = Stage().connect()
    client.get("/here", method="HEAD")
    client.get("/here", method="HEAD")
    answers = client.answers(heads_only=True)
    assert [(answer.status, answer.headers["content-length"]) for answer in answers] == [(200, "12")] * 2


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(status: int) -> None:
    """Neither body nor length goes out with them."""
    client = Stage(Told(lambda _: Response(status, b"ignored"))).connect()
    client.get()
    assert b"ignored" not in client.wire.value()
    [answer] = client.answers()
    assert answer.status == status
    assert "content-length" not in answer.headers


def test_bodies_come_whole_however_they_are_cut() -> None:
    """With Content-Length or in chunks, byte by byte."""
    head = b"POST /here HTTP/1.1\r\nHost: a\r\n"
    for rest in (
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: v\r\n\r\n",
    ):
        request = head + rest
        client = Stage().connect()
        client.send(*[request[at : at + 1] for at in range(len(request))])
        [answer] = client.answers()
        assert answer.body == b"POST /here? hello"


def test_a_declared_body_beyond_the_limit_is_refused_before_it_is_sent() -> None:
    """413 on sight of Content-Length, the smaller of the responder's and the listener's limit holding; then closed."""
    for path, length in (("/here", 65), ("/elsewhere", 101)):
        stage = Stage()
        client = stage.connect()
        client.send(b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (path.encode(), length))
        [answer] = client.answers()
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert client.wire.half_closed
        client.send(b"x" * length)
        assert client.answers() == []
        assert stage.responder.requests == []


def test_a_chunked_body_beyond_the_limit_is_refused_while_it_is_sent() -> None:
    """413 at the chunk that is too much; what follows is dropped."""
    stage = Stage()
    client = stage.connect()
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(b"40\r\n" + b"x" * 64 + b"\r\n", b"1\r\nx\r\n", b"0\r\n\r\n")
    assert [answer.status for answer in client.answers()] == [413]
    assert stage.responder.requests == []


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"a" * 2500 + b"\r\n",
        b"".join(b"X%d: %b\r\n" % (number, b"a" * 100) for number in range(30)),
        b"".join(b"X%d: a\r\n" % number for number in range(101)),
    ],
    ids=["one long field", "many fields", "more fields than allowed"],
)
def test_heads_beyond_the_limit_are_refused(head: bytes) -> None:
    """431, then closed."""
    stage = Stage()
    client = stage.connect()
    client.send(b"GET /here HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n")
    assert [answer.status for answer in client.answers()] == [431]
    assert stage.responder.requests == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET relative HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /here HTTP/1.1\r\n\r\n",
        b"GET /here HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /here HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET /here HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n",
        b"GET /here HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
        b"POST /here HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 1500 + b"\r\n\r\n",
        b"POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET /here HTTP/1.1\r\nHost: a\r\nX: folded\r\n field\r\n\r\n",
        b"GET /here HTTP/1.1\r\n Host: a\r\n\r\n",
        b"GET /here HTTP/2.0\r\nHost: a\r\n\r\n",
        b"CONNECT ca.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_not_one_clear_request_is_refused(request_bytes: bytes) -> None:
    """A 400, 405 or 501, then closed; the responder never sees it, nor anything sent behind it."""
    stage = Stage()
    client = stage.connect()
    client.send(request_bytes + b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n")
    [answer] = client.answers()
    assert answer.status in (400, 405, 501)
    assert answer.headers["connection"] == "close"
    assert client.wire.half_closed or client.gone
    assert stage.responder.requests == []
    assert stage.observed == [("main", "none", answer.status)]


def test_absolute_targets_are_understood() -> None:
    """As proxies send them (RFC 9112 section 3.2.2)."""
    client = Stage().connect()
    client.get("http://ca.example:80/here/x?q")
    assert client.answers()[0].body == b"GET /here/x?q "


def test_the_client_may_wait_for_100_continue() -> None:
    """It is told to go on, unless its body would be refused."""
    client = Stage().connect()
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert client.wire.value() == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.wire.clear()
    client.send(b"ok")
    assert client.answers()[0].body == b"POST /here? ok"
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\nExpect: 100-continue\r\n\r\n")
    assert [answer.status for answer in client.answers()] == [413]


def test_connection_close_closes() -> None:
    """After the answer, which says so too."""
    client = Stage().connect()
    client.get("/here", "Connection: close")
    [answer] = client.answers()
    assert answer.headers["connection"] == "close"
    assert client.gone


def test_http_1_0_closes() -> None:
    """Unless asked otherwise, and needs no Host."""
    client = Stage().connect()
    client.send(b"GET /here HTTP/1.0\r\n\r\n")
    assert client.answers()[0].status == 200
    assert client.gone


def test_a_bug_is_answered_by_the_responder_and_logged_whole() -> None:
    """The answer has the request id only; the log has the traceback beside the same id."""

    def broken(_request: object) -> Response:
        """Not what a responder should do."""
        raise KeyError("inside")

    stage = Stage(Told(broken))
    client = stage.connect()
    client.get()
    client.get()
    assert [(answer.status, answer.body) for answer in client.answers()] == [(500, b"failed " + b"ab" * 8)] * 2
    bug = next(event for event in events(stage) if event["event"] == "bug")
    assert bug["request_id"] == "ab" * 8
    assert "KeyError: 'inside'" in str(bug["exception"])


def test_a_response_that_would_end_its_head_early_is_not_sent() -> None:
    """A line feed in a field is a bug: 500 instead, and a line in the log."""
    stage = Stage(Told(lambda _: Response(200, b"", (("location", "/x\r\nSet-Cookie: a=b"),))))
    client = stage.connect()
    client.get()
    assert b"Set-Cookie" not in client.wire.value()
    assert [answer.status for answer in client.answers()] == [500]
    assert "response cannot be sent" in stage.log_output.getvalue()


def test_work_that_waits_goes_to_the_pool_and_comes_back() -> None:
    """The answer is written on the reactor's side; requests behind it wait their turn; a full pool answers at once."""
    stage = Stage(Told(waits=True), mode="threads")
    first, second = stage.connect(), stage.connect()
    first.get("/here/1")
    first.get("/here/2")
    second.get("/here/3")
    [busy] = second.answers()
    assert (busy.status, busy.headers["retry-after"]) == (503, "7")
    assert first.answers() == []
    stage.reactor.run_one()
    stage.reactor.run_one()
    assert [answer.body for answer in first.answers()] == [b"GET /here/1? ", b"GET /here/2? "]
    assert set(stage.responder.threads) == {"responder-1"}
    stage.execution.stop(5)


def test_an_answer_for_a_client_that_went_away_is_dropped() -> None:
    """Without an error."""
    stage = Stage(Told(waits=True), mode="threads")
    client = stage.connect()
    client.get()
    client.leave()
    stage.reactor.run_one()
    assert client.wire.value() == b""
    assert len(stage.connections) == 0
    assert [event["event"] for event in events(stage)] == ["request"]
    stage.execution.stop(5)


def test_large_bodies_go_out_as_fast_as_the_peer_reads() -> None:
    """Piece by piece while the transport asks for more, and a peer that stops reading is cut off."""
    body = bytes(range(256)) * 2048
    stage = Stage(Told(lambda _: Response(200, body)))
    client = stage.connect()
    producer_pauses_at(client, 2)
    client.get()
    assert len(client.wire.value()) < len(body)
    while len(client.wire.value()) < len(body):
        stage.pass_time(15)
        client.protocol.resumeProducing()  # type: ignore[attr-defined]
    client.protocol.resumeProducing()  # type: ignore[attr-defined]
    client.get("/elsewhere")
    first, second = client.answers()
    assert (first.body, second.status) == (body, 404)
    client.get()
    stage.pass_time(25)
    assert client.wire.aborted


def producer_pauses_at(client: Client, pieces: int) -> None:
    """Make the transport say "enough" after so many large writes, until it is resumed."""
    write = client.wire.write
    count = 0

    def counted(data: bytes) -> None:
        """Write and count."""
        nonlocal count
        write(data)
        if len(data) >= PIECE:
            count += 1
            if count % pieces == 0:
                client.protocol.pauseProducing()  # type: ignore[attr-defined]

    client.wire.write = counted  # type: ignore[method-assign]


@pytest.mark.parametrize(("quiet", "level"), [(False, "info"), (True, "debug")])
def test_success_is_logged_with_what_identifies_it_and_without_the_query(quiet: bool, level: str) -> None:
    """Method, path, status, time, id and peer; a quiet listener keeps successes to the debug level."""
    stage = Stage(settings=ListenerSettings(quiet=quiet))
    client = stage.connect()
    client.get("/here/x?token=abc")
    [event] = events(stage)
    assert event["level"] == level
    assert {key: event[key] for key in ("event", "method", "path", "status", "request_id", "peer", "listener")} == {
        "event": "request",
        "method": "GET",
        "path": "/here/x",
        "status": 200,
        "request_id": "ab" * 8,
        "peer": "192.0.2.7",
        "listener": "main",
    }
    assert "abc" not in stage.log_output.getvalue()


def test_a_gradual_body_stops_with_its_peer() -> None:
    """After `stopProducing` nothing more is written and nobody is told that it is done."""
    written: list[bytes] = []
    done: list[bool] = []

    class Sink:
        """Takes one piece, then no more."""

        def write(self, data: bytes) -> None:
            """Keep it."""
            written.append(data)
            body.pauseProducing()

    body = GradualBody(b"x" * (LARGE + 1), Sink(), lambda: None, lambda: done.append(True))
    body.resumeProducing()
    body.stopProducing()
    body.resumeProducing()
    body.resumeProducing()
    assert (len(written), done) == (1, [])


def test_settings_give_the_limits() -> None:
    """The stage above uses the listener's own settings."""
    stage = Stage(settings=ListenerSettings(connections=1))
    stage.connect()
    assert not stage.connections.admit("192.0.2.9")
