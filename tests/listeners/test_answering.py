"""From request to response."""

import json
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
    stage = Stage("web")
    assert stage.front.answering.find("/here")[1] == 64
    stage.responder.max_body = 1000
    assert stage.front.answering.find("/here")[1] == 100
    assert stage.front.answering.find("/nowhere") == (None, 100)


def test_what_does_not_wait_stays_on_the_reactor() -> None:
    """Even where the pool is used for everything else."""
    stage = Stage("web", Told(waits=False), mode="threads")
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
    stage = Stage("web", Toiler(), mode=mode, waits=False)
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
    stage = Stage("web")
    answered(stage)
    answered(stage)
    stage.front.answering.answer(REQUEST, HealthResponder({}), lambda _: None)
    assert stage.observed == [("main", "stage", 200), ("main", "stage", 200), ("main", "health", 404)]


def test_failures_are_logged_as_information_even_on_quiet_listeners() -> None:
    """Only successes are kept to the debug level there."""
    stage = Stage("fast", Told(lambda _: Response(404)))
    answered(stage)
    event = json.loads(stage.log_output.getvalue())
    assert (event["level"], event["status"]) == ("info", 404)
    assert "1234" not in stage.log_output.getvalue()


def test_ids_are_sixteen_hexadecimal_digits() -> None:
    """64 random bits."""
    assert Stage("web").front.answering.new_id() == "ab" * 8
