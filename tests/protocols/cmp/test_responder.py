"""CMP over HTTP."""

import pytest

from emca_daemon.asn1 import der
from emca_daemon.protocols.http import Peer, Request, Response
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template
from tests.support.cmp_world import CmpWorld, Reply

CMP = "application/pkixcmp"


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint at the usual path."""
    return CmpWorld()


def post(world: CmpWorld, body: bytes, path: str = "", content_type: str = CMP, method: str = "POST") -> Response:
    """What is answered below the endpoint's path."""
    headers = (("content-type", content_type),) if content_type else ()
    place = f"/.well-known/cmp{path}"
    return world.responder.respond(Request(method, place, "", headers, body, Peer("192.0.2.9"), "req-9"))


def request(world: CmpWorld) -> bytes:
    """An ir."""
    return world.client().written(0, der.sequence(build.request(Template())))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/initialization",
        "/ir",
        "/p/slow",
        "/p/slow/initialization",
        "/p/machine/ir/",
        "/p/machine/",
        "//p/slow//ir",
    ],
)
@pytest.mark.parametrize("content_type", [CMP, "application/pkixcmp-poll", "Application/PKIXCMP; charset=utf-8"])
def test_a_message_for_a_message(world: CmpWorld, path: str, content_type: str) -> None:
    """200, with the exact type that clients want; labels choose profiles."""
    response = post(world, request(world), path, content_type)
    assert (response.status, response.header("content-type")) == (200, CMP)
    reply = Reply(response.body)
    assert reply.type == "ip"
    assert int(reply.status["status"]) == (3 if "slow" in path else 0)


def test_errors_are_messages_with_200(world: CmpWorld) -> None:
    """Clients in the field read no other."""
    response = post(world, request(world), "/keyupdate")
    assert (response.status, Reply(response.body).failure) == (200, "badRequest")


@pytest.mark.parametrize("path", ["/p/nothing", "/nothing", "/ir/more", "/p/slow/nothing", "/p"])
def test_paths_that_lead_nowhere(world: CmpWorld, path: str) -> None:
    """404."""
    assert post(world, request(world), path).status == 404


def test_what_http_says(world: CmpWorld) -> None:
    """405, 415, 400."""
    refused = post(world, b"", method="GET")
    assert (refused.status, refused.header("allow")) == (405, "POST")
    assert post(world, request(world), content_type="text/plain").status == 415
    assert post(world, request(world), content_type="").status == 415
    assert post(world, b"").status == 400
    assert post(world, b"0").status == 400


def test_what_a_listener_asks(world: CmpWorld) -> None:
    """Whether it waits; what to say when it is busy or something failed."""
    ir = Request("POST", "/.well-known/cmp", "", (), b"", Peer("192.0.2.9"), "req-9")
    assert world.responder.waits(ir)
    assert world.responder.busy(ir).status == 503
    failed = world.responder.failed(ir)
    assert (failed.status, failed.body) == (500, b"internal error req-9\n")
