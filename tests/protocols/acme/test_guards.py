"""Signed requests: what of RFC 8555 6.2 to 6.5 is refused, and how nonces are spent."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.responder import AcmeResponder
from tests.support.acme_client import AcmeClient, b64, flattened
from tests.support.acme_world import AcmeWorld

RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests: each has an account of its own."""
    return AcmeWorld()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        *(
            (rsa.generate_private_key(65537, 2048), name)
            for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
        ),
    ],
)
def test_accounts_with_every_algorithm(world: AcmeWorld, key: Any, algorithm: str) -> None:
    """Registering by key, then a request by account."""
    client = world.account(key, algorithm)
    assert client.post(client.kid or "").json["status"] == "valid"


def order_by(client: AcmeClient, **changes: Any) -> str:
    """The problem of a newOrder with an odd header."""
    payload = {"identifiers": [{"type": "dns", "value": "a.example"}]}
    return client.post(client.url("/new-order"), payload, **changes).problem


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"jwk": {}}, "400 malformed"),
        ({"kid": None}, "400 malformed"),
        ({"kid": 7}, "400 malformed"),
        ({"kid": "https://ca.test/acme/account/nobody"}, "400 accountDoesNotExist"),
        ({"kid": "https://other.test/acme/account/x"}, "400 accountDoesNotExist"),
        ({"url": "https://ca.test/acme/new-account"}, "401 unauthorized"),
        ({"url": "http://ca.test/acme/new-order"}, "401 unauthorized"),
        ({"url": None}, "401 unauthorized"),
        ({"nonce": "bm90IG91cnM"}, "400 badNonce"),
        ({"nonce": "not base64url!"}, "400 malformed"),
        ({"crit": ["x"]}, "400 malformed"),
        ({"b64": False}, "400 malformed"),
    ],
)
def test_odd_headers_are_refused(world: AcmeWorld, changes: dict[str, Any], problem: str) -> None:
    """Each with its type and status."""
    assert order_by(world.account(), **changes) == problem


def test_a_missing_nonce_is_a_bad_nonce(world: AcmeWorld) -> None:
    """RFC 8555 6.5.2; and the answer brings a good one."""
    client = world.account()
    header = client.header_for(client.url("/new-order"))
    del header["nonce"]
    body = json.dumps(flattened(client.key, header, b"{}")).encode()
    answer = client.post_raw(client.url("/new-order"), body)
    assert answer.problem == "400 badNonce"
    assert client.order("a.example").status == 201


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS1", "ES256K"])
def test_foreign_algorithms_are_refused_with_the_list(world: AcmeWorld, algorithm: str) -> None:
    """Before anything else is looked at, the nonce included."""
    client = world.account()
    url = client.url("/new-order")
    body = flattened(client.key, client.header_for(url), b"{}")
    header = {**client.header_for(url, nonce="x"), "alg": algorithm}
    body["protected"] = b64(json.dumps(header).encode())
    answer = client.post_raw(url, json.dumps(body).encode())
    assert answer.problem == "400 badSignatureAlgorithm"
    assert {"ES256", "EdDSA", "RS256", "PS256"} <= set(answer.json["algorithms"])


def test_an_algorithm_of_another_kind_of_key_is_refused(world: AcmeWorld) -> None:
    """An EC account cannot sign with RS256."""
    client = world.account()
    client.key, client.algorithm = RSA_KEY, "RS256"
    assert order_by(client) == "400 badSignatureAlgorithm"


def test_a_foreign_signature_is_refused(world: AcmeWorld) -> None:
    """Another key of the same kind; nothing is spent by it."""
    client = world.account()
    client.post(client.kid or "")
    nonce, key = client.nonce(), client.key
    client.key = ec.generate_private_key(ec.SECP256R1())
    assert order_by(client, nonce=nonce) == "400 malformed"
    client.key = key
    assert client.post(client.kid or "", nonce=nonce).status == 200


@pytest.mark.parametrize("change", [{"payload": "e30="}, {"signature": "AA=="}, {"signatures": []}, {"header": {}}])
def test_other_serializations_are_malformed(world: AcmeWorld, change: dict[str, Any]) -> None:
    """RFC 8555 6.2: flattened JSON only, base64url without padding."""
    client = world.account()
    url = client.url("/new-order")
    body = {**flattened(client.key, client.header_for(url), b"{}"), **change}
    assert client.post_raw(url, json.dumps(body).encode()).problem == "400 malformed"


@pytest.mark.parametrize("body", [b"", b"[]", b"text", b"\xff", b"{}", b'{"protected":"","payload":"","signature":""}'])
def test_bodies_that_are_no_jws_are_malformed(world: AcmeWorld, body: bytes) -> None:
    """Whatever they are."""
    client = world.client()
    assert client.post_raw(client.url("/new-account"), body).problem == "400 malformed"


@pytest.mark.parametrize("content_type", ["application/json", "", "text/plain", "application/jose"])
def test_other_content_types_are_refused(world: AcmeWorld, content_type: str) -> None:
    """RFC 8555 6.2: 415."""
    client = world.client()
    assert client.send("POST", client.url("/new-account"), b"{}", content_type=content_type).problem == "415 malformed"


def test_parameters_of_the_content_type_are_ignored(world: AcmeWorld) -> None:
    """Some clients send a charset."""
    client = world.account()
    body = json.dumps(flattened(client.key, client.header_for(client.kid or ""), b"")).encode()
    answer = client.send("POST", client.kid or "", body, content_type="Application/JOSE+JSON; charset=utf-8")
    assert answer.status == 200


@pytest.mark.parametrize("payload", [None, {"status": "valid"}, {"onlyReturnExisting": "yes"}])
def test_a_nonce_is_spent_once(world: AcmeWorld, payload: Any) -> None:
    """By requests that read, that write, and that are refused."""
    client = world.account()
    nonce = client.nonce()
    url = client.kid or ""
    if payload and "onlyReturnExisting" in payload:
        kid, client.kid, url = client.kid, None, client.url("/new-account")
        assert client.post(url, payload, nonce=nonce).problem == "400 malformed"
        client.kid, url = kid, kid or ""
    else:
        assert client.post(url, payload, nonce=nonce).status == 200
    assert client.post(url, payload, nonce=nonce).problem == "400 badNonce"


def test_a_nonce_is_spent_in_every_process(world: AcmeWorld) -> None:
    """Two processes over one store: whatever one gave out the other takes, once."""
    client = world.account()
    nonce = client.nonce()
    client.transport = AcmeResponder(world.make_endpoint()).respond
    assert client.post(client.kid or "", nonce=nonce).status == 200
    client.transport = world.responder.respond
    assert client.post(client.kid or "", nonce=nonce).problem == "400 badNonce"


def test_nonces_are_good_for_hours(world: AcmeWorld) -> None:
    """Clients that do not retry depend on it."""
    client = world.account()
    nonce = client.nonce()
    world.clock.advance(hours=11)
    assert client.post(client.kid or "", nonce=nonce).status == 200
    nonce = client.nonce()
    world.clock.advance(hours=13)
    assert client.post(client.kid or "", nonce=nonce).problem == "400 badNonce"


def test_a_key_changed_in_another_process_is_noticed(world: AcmeWorld) -> None:
    """The remembered key is only a memory: the old one is refused, the new one taken."""
    client = world.account()
    assert client.post(client.kid or "").status == 200
    other = AcmeResponder(world.make_endpoint()).respond
    new = ec.generate_private_key(ec.SECP256R1())
    client.transport = other
    assert client.change_key(new).status == 200
    client.transport = world.responder.respond
    assert client.post(client.kid or "").problem == "400 malformed"
    client.key = new
    assert client.post(client.kid or "").status == 200


def test_endpoints_that_share_a_memory_do_not_share_accounts(world: AcmeWorld) -> None:
    """Neither one that is remembered nor one that is not."""
    client = world.account()
    other = replace(world.make_endpoint("other"), keys=world.endpoint.keys)
    for _ in range(2):
        client.transport = AcmeResponder(other).respond
        nonce = other.nonces.fresh()
        assert client.post(client.kid or "", nonce=nonce).problem == "400 accountDoesNotExist"
        client.transport = world.responder.respond
        client.forget_nonces()
        assert client.post(client.kid or "").status == 200


def test_an_account_of_another_endpoint_does_not_exist(world: AcmeWorld) -> None:
    """Every row carries its endpoint's name."""
    other = AcmeResponder(world.make_endpoint("other"))
    client = AcmeClient(other.respond, world.settings.base_url).register()
    order = client.order("a.example")
    assert order.status == 201
    client.transport = world.responder.respond
    client.forget_nonces()
    assert client.post(client.kid or "").problem == "400 accountDoesNotExist"
    stranger = world.account()
    for url in (order.location, order.json["authorizations"][0]):
        assert stranger.post(url).problem == "404 malformed"


def test_a_store_that_is_down_is_serverinternal(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After in seconds; the nonce is not lost."""
    client = world.account()
    nonce = client.nonce()

    def down(**_: object) -> None:
        raise Refused(Reason.UNAVAILABLE, "the database cannot be reached", retry_after=2)

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "writing", down)
        answer = client.post(client.kid or "", nonce=nonce)
    assert answer.problem == "503 serverInternal"
    assert answer.header("retry-after") == "2"
    assert client.post(client.kid or "", nonce=nonce).status == 200


def test_an_account_changed_in_another_process_is_noticed(world: AcmeWorld) -> None:
    """What is remembered of it is not what is shown, written back or believed."""
    client = world.account()
    url = client.kid or ""
    assert client.post(url).json["contact"] == []
    other = AcmeResponder(world.make_endpoint()).respond
    client.transport = other
    client.post(url, {"contact": ["mailto:new@example.com"]})
    client.transport = world.responder.respond
    assert client.post(url).json["contact"] == ["mailto:new@example.com"]
    new = ec.generate_private_key(ec.SECP256R1())
    client.change_key(new)
    client.key = new
    assert client.post(url).json["contact"] == ["mailto:new@example.com"]
    client.transport = other
    client.post(url, {"status": "deactivated"})
    client.transport = world.responder.respond
    assert client.order("a.example.com").problem == "401 unauthorized"
