"""CMP over HTTP."""

import pytest

from emca_daemon.asn1 import der
from emca_daemon.protocols.http import Peer, Request, Response, Toiling
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template
from tests.support.cmp_world import CmpWorld, Reply, settings

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


def toils(world: CmpWorld, body: bytes) -> bool:
    """Whether much is to be computed for a message."""
    responder = world.responder
    assert isinstance(responder, Toiling)
    return responder.toils(Request("POST", "/.well-known/cmp", "", (), body, Peer("192.0.2.9"), "req-9"))


def protected_by(protection: bytes) -> bytes:
    """A message that says it is protected like that."""
    header = build.HeaderParts(None, None, None, algorithm=protection).encoded()
    return build.message(header, 0, der.sequence(build.request(Template())), bytes(20))


def test_secrets_that_are_hashed_often_take_long(world: CmpWorld) -> None:
    """As often as the settings let it be; what is refused at once, or no message, does not."""
    assert not toils(world, request(world))
    assert toils(world, protected_by(build.password_based(20_000)))
    assert toils(world, protected_by(build.pbmac1(1000, 4096)))
    assert not toils(world, protected_by(build.password_based(200_000)))
    assert not toils(world, b"")
    assert not toils(world, build.password_based(20_000))


@pytest.mark.parametrize(("kinds", "expected"), [(("p-256", "ed25519"), False), (("p-256", "rsa-2048"), True)])
def test_rsa_keys_take_long_to_find(kinds: tuple[str, ...], *, expected: bool) -> None:
    """Where an endpoint makes some, any message may ask for one."""
    assert toils(CmpWorld(settings(key_generation=kinds)), b"") is expected
