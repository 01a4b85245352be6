"""Several requests on one connection."""

import pytest

from emca_daemon.listeners.front import IN_A_ROW
from tests.listeners.stage import Stage, Told


def test_pipelined_requests_are_answered_in_order() -> None:
    """Ten in one piece."""
    client = Stage().connect()
    client.send(b"".join(b"GET /here/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(10)))
    assert [answer.body for answer in client.answers()] == [b"GET /here/%d? " % number for number in range(10)]


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_a_wish_for_another_protocol_is_ignored(framing: bytes) -> None:
    """The body stays a part of the request that has it, and what follows is the next one (RFC 9110 section 7.8)."""
    wish = (
        b"POST /here HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nX-Thing: 1\r\n"
        + framing
    )
    for cut in (0, 30, len(wish) - 3, len(wish)):
        stage = Stage()
        client = stage.connect()
        client.send(wish[:cut], wish[cut:] + b"GET /here/next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [answer.body for answer in client.answers()] == [b"POST /here? hello", b"GET /here/next? "]
        assert stage.responder.requests[0].header("x-thing") == "1"


@pytest.mark.parametrize("wish", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"])
def test_pipelines_may_be_long(wish: bytes) -> None:
    """A thousand requests in one piece nest nothing in each other, and let others have their turns in between."""
    stage = Stage()
    client, other = stage.connect(), stage.connect()
    client.send((b"GET /here HTTP/1.1\r\nHost: a\r\n" + wish + b"\r\n") * 1000)
    assert len(stage.responder.requests) == IN_A_ROW
    other.get()
    assert other.answers()[0].status == 200
    while stage.clock.getDelayedCalls():
        stage.clock.advance(0)
    assert [answer.status for answer in client.answers()] == [200] * 1000


def test_requests_wait_while_the_peer_reads_no_answers() -> None:
    """Else what waits to be read would fill the memory; a peer that never reads is cut off."""
    stage = Stage()
    client = stage.connect()
    client.protocol.pauseProducing()  # type: ignore[attr-defined]
    client.send(b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
    assert len(stage.responder.requests) <= 1
    client.protocol.resumeProducing()  # type: ignore[attr-defined]
    assert len(client.answers()) == 10
    client.protocol.pauseProducing()  # type: ignore[attr-defined]
    client.get()
    stage.pass_time(21)
    assert client.wire.aborted


def test_a_client_that_leaves_is_answered_no_further() -> None:
    """What it still has in the pipeline reaches nobody."""
    stage = Stage()
    client = stage.connect()
    client.send(b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
    client.leave()
    stage.clock.advance(0)
    assert len(stage.responder.requests) == IN_A_ROW


@pytest.mark.parametrize("mode", ["reactor", "threads"])
def test_a_client_that_sends_no_more_gets_the_answers_that_are_due(mode: str) -> None:
    """Then the connection is closed, with whatever half of a request there still was."""
    stage = Stage(Told(waits=True), mode=mode)
    client = stage.connect()
    client.send(b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + b"GET /half")
    client.protocol.readConnectionLost()  # type: ignore[attr-defined]
    for _ in range(2 * (mode == "threads")):
        assert not client.gone
        stage.reactor.run_one()
    assert [answer.status for answer in client.answers()] == [200, 200]
    assert client.left()
    stage.execution.stop(5)


def test_a_silent_client_that_sends_no_more_is_let_go() -> None:
    """At once, also behind a refusal."""
    stage = Stage()
    for sent in (b"", b"GET /half", b"nonsense\r\n\r\n"):
        client = stage.connect()
        client.send(sent)
        client.protocol.readConnectionLost()  # type: ignore[attr-defined]
        assert client.gone
