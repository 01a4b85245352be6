"""From request to response."""

import json
import threading
from dataclasses import replace

import pytest

from emca_daemon.protocols.health import HealthResponder
from emca_daemon.protocols.http import Peer, Request, Response
from tests.listeners.stage import Stage, Told

REQUEST = Request("GET", "/here", "pin=1234", (), b"", Peer("192.0.2.7"), "id-1")


def answered(stage: Stage, request: Request = REQUEST) -> Response:
    """What comes out, on the reactor."""
    responses: list[Response] = []
    responder, _ = stage.front.answering.find(request.path)
    stage.front.answering.answer(request, responder, responses.append)
    [response] = responses
    return response


def test_the_smaller_limit_holds() -> None:
    """The listener's, or that of the responder; where nobody answers the listener's."""
    stage = Stage()
    assert stage.front.answering.find("/here")[1] == 64
    stage.responder.max_body = 1000
    assert stage.front.answering.find("/here")[1] == 100
    assert stage.front.answering.find("/nowhere") == (None, 100)


def test_what_does_not_wait_stays_on_the_reactor() -> None:
    """Even where the pool is used for everything else."""
    stage = Stage(Told(waits=False), mode="threads")
    assert answered(stage).status == 200
    assert stage.responder.threads == ["MainThread"]


class Toiler(Told):
    """A responder that computes long, if the request says so."""

    def toils(self, request: Request) -> bool:
        """By its query."""
        return request.query == "long"


@pytest.mark.parametrize("mode", ["auto", "reactor"])
@pytest.mark.parametrize("query", ["long", ""])
def test_long_computing_goes_to_a_thread_where_there_may_be_one(mode: str, query: str) -> None:
    """Though nothing is waited for here: the others need not wait for it."""
    stage = Stage(Toiler(), mode=mode, waits=False)
    responses: list[Response] = []
    stage.front.answering.answer(replace(REQUEST, query=query), stage.responder, responses.append)
    if away := (mode == "auto" and query == "long"):
        assert responses == []
        stage.reactor.run_one()
    assert [one.status for one in responses] == [200]
    assert stage.responder.threads == ["responder-1" if away else "MainThread"]
    stage.execution.stop(5)


def test_every_answer_is_counted_by_listener_protocol_and_status() -> None:
    """The protocol is the package or module of the responder."""
    stage = Stage()
    answered(stage)
    answered(stage)
    stage.front.answering.answer(REQUEST, HealthResponder({}), lambda _: None)
    assert stage.observed == [("main", "stage", 200), ("main", "stage", 200), ("main", "health", 404)]


def test_failures_are_logged_as_information_even_on_quiet_listeners() -> None:
    """Only successes are kept to the debug level there."""
    stage = Stage(Told(lambda _: Response(404)))
    answered(stage)
    event = json.loads(stage.log_output.getvalue())
    assert (event["level"], event["status"]) == ("info", 404)
    assert "1234" not in stage.log_output.getvalue()


def test_ids_are_sixteen_hexadecimal_digits() -> None:
    """64 random bits."""
    assert Stage().front.answering.new_id() == "ab" * 8


class Worded(Told):
    """A responder with words of its own."""

    def too_large(self, request: Request) -> Response:
        """Its way to say 413."""
        self.requests.append(request)
        self.threads.append(threading.current_thread().name)
        return Response(413, b"{}", (("content-type", "application/problem+json"),))


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("first", [b"", b"GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_a_body_that_is_too_large_is_refused_in_the_protocols_words(chunked: bool, first: bytes) -> None:
    """If it has any, and on its own path only."""
    for path, form in ((b"/here", "application/problem+json"), (b"/elsewhere", "text/plain; charset=utf-8")):
        stage = Stage(Worded())
        client = stage.connect()
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 101"
        client.send(first + b"POST %b HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % (path, framing))
        client.send(b"65\r\n" + b"x" * 101 + b"\r\n")
        answer = client.answers()[-1]
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert answer.headers["content-type"] == form
        heads = [(one.method, one.path, one.header("host"), one.body) for one in stage.responder.requests]
        assert heads == [("POST", "/here", "a", b"")] * (path == b"/here")


def test_words_that_may_wait_are_found_on_a_thread() -> None:
    """And sent when they are there, unless the peer has gone; nothing else is read meanwhile."""
    stage = Stage(Worded(), mode="threads")
    for stays in (True, False):
        client = stage.connect()
        client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
        client.get()
        assert client.answers() == []
        if not stays:
            client.leave()
        stage.reactor.run_one()
        assert [answer.status for answer in client.answers()] == [413] * stays
    assert stage.responder.threads == ["responder-1"] * 2
    stage.execution.stop(5)


def test_a_full_pool_leaves_plain_words() -> None:
    """Whoever sends too much is not worth waiting for."""
    stage = Stage(Worded(), mode="threads")
    gate = threading.Event()
    stage.execution.submit(lambda: gate.wait(10), lambda _: None)
    client = stage.connect()
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
    [answer] = client.answers()
    assert (answer.status, answer.body) == (413, b"Request Entity Too Large\n")
    gate.set()
    stage.execution.stop(5)
