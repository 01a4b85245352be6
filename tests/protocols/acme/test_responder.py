"""What every ACME answer carries, whatever the question."""

import json

import pytest

from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.http import Limiting, Peer, Request, Responder
from tests.support.acme_client import Answer
from tests.support.acme_world import BASE_URL, AcmeWorld

INDEX = [f"{BASE_URL}/directory"]


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def request(method: str, path: str) -> Request:
    """An unsigned request."""
    return Request(method, path, "", (), b"", Peer("192.0.2.1"), "req-9")


def test_it_is_a_responder(world: AcmeWorld) -> None:
    """Mypy checks the shape; what is signed waits for the store."""
    responder: Responder = world.responder
    assert responder.max_body == 65_536
    assert responder.waits(request("POST", "/acme/new-order"))
    assert not responder.waits(request("GET", "/acme/directory"))
    assert not responder.waits(request("HEAD", "/acme/new-nonce"))


def test_a_body_that_is_too_large_is_refused_in_acmes_words(world: AcmeWorld) -> None:
    """A problem document with a fresh nonce (RFC 8555 6.5, 6.7), whoever asks for it."""
    assert isinstance(world.responder, Limiting)
    answer = world.responder.too_large(Request("POST", "/", "", (), b"", Peer("192.0.2.7"), "r-1"))
    assert (answer.status, answer.header("content-type")) == (413, "application/problem+json")
    document = json.loads(answer.body)
    assert (document["type"], document["status"]) == ("urn:ietf:params:acme:error:malformed", 413)
    assert "larger than" in document["detail"]
    assert answer.header("replay-nonce")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/directory", 200),
        ("HEAD", "/new-nonce", 200),
        ("GET", "/new-nonce", 204),
        ("GET", "/new-order", 405),
        ("POST", "/new-account", 415),
        ("GET", "/nowhere", 404),
        ("OPTIONS", "/new-order", 204),
    ],
)
def test_every_answer_has_cors_and_no_store(world: AcmeWorld, method: str, path: str, status: int) -> None:
    """RFC 8555 6.1, 7.2, errors too; a nonce where a nonce was due (6.5), and each time another."""
    client = world.client()
    answers = [client.send(method, client.url(path)) for _ in range(2)]
    assert [answer.status for answer in answers] == [status] * 2
    nonces = [answer.header("replay-nonce") for answer in answers]
    assert (None not in nonces) == (method == "POST" or path == "/new-nonce")
    assert nonces[0] is None or nonces[0] != nonces[1]
    for answer in answers:
        assert answer.header("cache-control") == "no-store"
        assert answer.header("access-control-allow-origin") == "*"
        exposed = (answer.header("access-control-expose-headers") or "").split(", ")
        assert {"Link", "Replay-Nonce", "Location", "Retry-After"} <= set(exposed)
        assert answer.links("index") == ([] if path == "/directory" else INDEX)


def test_preflight_allows_what_browsers_need(world: AcmeWorld) -> None:
    """POST with a Content-Type of its own."""
    answer = world.client().send("OPTIONS", BASE_URL + "/new-order")
    assert "POST" in (answer.header("access-control-allow-methods") or "")
    assert answer.header("access-control-allow-headers") == "Content-Type"


@pytest.mark.parametrize(
    "path", ["/new-account", "/new-order", "/order/x", "/challenge/x", "/certificate/x", "/account/x"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_told_what_is_allowed(world: AcmeWorld, method: str, path: str) -> None:
    """RFC 8555 6.3: GET only for directory and nonces."""
    answer = world.client().send(method, BASE_URL + path)
    assert answer.problem == "405 malformed"
    assert answer.header("allow") == "POST, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/x",
        "/directory/",
        "/order",
        "/order/",
        "/order//finalize",
        "/order/x/y",
        "//directory",
        "/order/x/finalize/",
    ],
)
def test_unknown_addresses_are_not_found(world: AcmeWorld, path: str) -> None:
    """404 malformed."""
    assert world.client().send("GET", BASE_URL + path).problem == "404 malformed"


def test_a_bug_tells_the_request_id_only(world: AcmeWorld) -> None:
    """500 serverInternal."""
    answer = Answer(world.responder.failed(request("POST", "/acme/new-order")))
    assert answer.problem == "500 serverInternal"
    assert "req-9" in answer.json["detail"]
    assert answer.header("replay-nonce")


def test_busy_says_when_to_come_back(world: AcmeWorld) -> None:
    """503 with Retry-After in seconds."""
    answer = Answer(world.responder.busy(request("POST", "/acme/new-order")))
    assert answer.problem == "503 serverInternal"
    assert answer.header("retry-after") == "5"


def test_an_endpoint_at_the_root(world: AcmeWorld) -> None:
    """A base URL without a path works too."""
    from dataclasses import replace

    endpoint = world.make_endpoint(settings=replace(world.settings, base_url="https://acme.test"))
    answer = Answer(AcmeResponder(endpoint).respond(request("GET", "/directory")))
    assert answer.json["newNonce"] == "https://acme.test/new-nonce"
