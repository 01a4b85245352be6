"""Health and metrics for operators' machines."""

import json

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.health import HealthResponder, MetricsResponder
from emca_daemon.protocols.http import Peer, Request, Responder


def request(path: str, method: str = "GET") -> Request:
    """A request without a body."""
    return Request(method, path, "", (), b"", Peer("192.0.2.1"), "id-1")


def unavailable() -> str:
    """A check that cannot be made."""
    raise Refused(Reason.UNAVAILABLE, "the token is gone")


def test_a_process_that_answers_is_alive() -> None:
    """Whatever the checks would say, none of which is asked."""
    responder = HealthResponder({"store": unavailable})
    response = responder.respond(request("/healthz"))
    assert (response.status, response.body) == (200, b"ok\n")
    assert response.header("cache-control") == "no-store"
    assert not responder.waits(request("/healthz"))


def test_readiness_names_what_was_checked() -> None:
    """200 when all is well."""
    responder = HealthResponder({"store": lambda: "", "signers": lambda: ""})
    response = responder.respond(request("/readyz"))
    assert response.status == 200
    assert json.loads(response.body) == {"ready": True, "checks": ["signers", "store"], "problems": {}}
    assert responder.waits(request("/readyz"))


def test_readiness_names_what_failed() -> None:
    """503, with every problem, refusals included."""
    responder = HealthResponder(
        {"store": lambda: "", "crl": lambda: "CRL of issuing is 9 h old", "signers": unavailable}
    )
    response = responder.respond(request("/readyz"))
    assert response.status == 503
    assert json.loads(response.body)["problems"] == {
        "crl": "CRL of issuing is 9 h old",
        "signers": "the token is gone",
    }


def test_metrics_are_rendered_when_asked_for() -> None:
    """In the text format of Prometheus."""
    responder = MetricsResponder(lambda: b"x 1\n")
    response = responder.respond(request("/metrics"))
    assert (response.status, response.body) == (200, b"x 1\n")
    assert response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert responder.waits(request("/metrics"))


@pytest.mark.parametrize("responder", [HealthResponder({}), MetricsResponder(lambda: b"")])
def test_both_are_only_read(responder: Responder) -> None:
    """405 for other methods, and neither takes a body; failing and being busy are plain."""
    response = responder.respond(request("/healthz", "POST"))
    assert (response.status, response.header("allow")) == (405, "GET, HEAD")
    assert responder.respond(request("/healthz", "HEAD")).status == 200
    assert responder.max_body == 0
    assert responder.failed(request("/healthz")).body == b"internal error id-1\n"
    assert responder.busy(request("/healthz")).header("retry-after") == "1"


def test_other_paths_are_not_found() -> None:
    """Below a mount, too."""
    assert HealthResponder({}).respond(request("/healthz/x")).status == 404
