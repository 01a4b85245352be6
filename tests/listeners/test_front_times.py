"""How long a connection may take, and how it ends."""

import pytest

from tests.listeners.stage import Stage, Told


def test_times_hold_for_the_whole_of_a_head() -> None:
    """A byte now and then does not help: 408 after the header timeout, then cut off."""
    stage = Stage()
    client = stage.connect()
    for byte in b"GET /here":
        client.send(bytes([byte]))
        stage.pass_time(1)
    stage.pass_time(2)
    assert [answer.status for answer in client.answers()] == [408]
    stage.pass_time(3)
    assert client.wire.aborted


def test_times_hold_for_the_whole_of_a_body() -> None:
    """408 after the body timeout, however many bytes came."""
    stage = Stage()
    client = stage.connect()
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n")
    for _ in range(19):
        client.send(b"x")
        stage.pass_time(1)
    assert client.answers() == []
    stage.pass_time(2)
    assert [answer.status for answer in client.answers()] == [408]


def test_silent_connections_are_cut_off() -> None:
    """Before the first request after the header timeout, between requests after the idle timeout."""
    stage = Stage()
    silent, idle = stage.connect(), stage.connect()
    idle.get()
    stage.pass_time(11)
    assert silent.gone
    assert not idle.left()
    stage.pass_time(48)
    assert not idle.left()
    stage.pass_time(2)
    assert idle.left()
    assert len(stage.connections) == 0


@pytest.mark.parametrize("body", [b"", b"ok"])
def test_a_kept_connection_may_be_idle_after_a_body(body: bytes) -> None:
    """As long as after a request without one: no 408 that a client would take for its next answer."""
    stage = Stage()
    client = stage.connect()
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    assert [answer.status for answer in client.answers()] == [200]
    stage.pass_time(59)
    assert not client.left()
    assert client.answers() == []
    client.get()
    assert [answer.status for answer in client.answers()] == [200]


def test_time_spent_by_the_responder_is_not_the_clients() -> None:
    """No deadline while we are at work."""
    stage = Stage(Told(waits=True), mode="threads")
    client = stage.connect()
    client.get()
    stage.pass_time(1000)
    assert not client.gone
    stage.reactor.run_one()
    assert client.answers()[0].status == 200
    stage.execution.stop(5)


def test_stopping_closes_idle_connections_and_finishes_the_others() -> None:
    """The answer under way is written, with `Connection: close`."""
    stage = Stage(Told(waits=True), mode="threads")
    idle, working = stage.connect(), stage.connect()
    working.get()
    stage.connections.finish()
    assert idle.left()
    assert not working.left()
    stage.reactor.run_one()
    [answer] = working.answers()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert working.left()
    assert not stage.connections.admit("192.0.2.8")
    stage.execution.stop(5)


def test_a_request_half_sent_when_stopping_begins_is_still_answered() -> None:
    """As long as it is completed in time; then the connection closes."""
    client = (stage := Stage()).connect()
    client.send(b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\no")
    stage.connections.finish()
    client.send(b"k")
    [answer] = client.answers()
    assert (answer.body, answer.headers["connection"]) == (b"POST /here? ok", "close")
    assert client.gone
