"""keyChange."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.acme_client import algorithm_for, flattened, jwk_of, thumbprint_of
from tests.support.acme_world import AcmeWorld


def fresh() -> ec.EllipticCurvePrivateKey:
    """A new key."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def test_the_account_stays(world: AcmeWorld) -> None:
    """EC to RSA and back: same URL, orders and authorizations; only the new key signs (RFC 8555 7.3.5)."""
    client = world.account()
    order = client.order("a.example.com")
    for new in (rsa.generate_private_key(65537, 2048), fresh()):
        answer = client.change_key(new)
        assert (answer.status, answer.location) == (200, client.kid)
        old, client.key, client.algorithm = client.key, new, algorithm_for(new)
        assert client.post(order.location).json["status"] == "pending"
        gone = world.client(old)
        assert gone.post(gone.url("/new-account"), {"onlyReturnExisting": True}).problem == "400 accountDoesNotExist"
    again = world.client(client.key).register()
    assert again.kid == client.kid


def test_challenges_count_with_the_new_key(world: AcmeWorld) -> None:
    """RFC 8555 8.1: the account's key at the time of validation."""
    client = world.account()
    challenge = client.challenge(client.order("k.example.com"))
    client.post(challenge["url"], {})
    new = fresh()
    client.change_key(new)
    (task,) = world.work()
    assert task.key_authorization == f"{challenge['token']}.{thumbprint_of(new)}"


def test_former_keys_are_remembered(world: AcmeWorld) -> None:
    """The newest first: records of dns-persist-01 that name the account by one of them still count."""
    client = world.account()
    client.post(client.challenge(client.order("k.example.com"))["url"], {})
    keys = [client.key, fresh(), fresh()]
    for new in keys[1:]:
        assert client.change_key(new).status == 200
        client.key = new
    (task,) = world.work()
    assert task.thumbprints == tuple(thumbprint_of(key) for key in reversed(keys))


def test_a_key_in_use_is_a_conflict(world: AcmeWorld) -> None:
    """409 with the other account's Location; nothing changes."""
    client, other = world.account(), world.account()
    answer = client.change_key(other.key)
    assert answer.problem == "409 malformed"
    assert answer.location == other.kid
    assert client.post(client.kid or "").status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://ca.test/acme/new-order"},
        {"url": None},
        {"nonce": "AAAA"},
        {"jwk": None},
        {"jwk": None, "kid": "https://ca.test/acme/account/x"},
    ],
)
def test_inner_faults_are_malformed(world: AcmeWorld, changes: dict[str, Any]) -> None:
    """Another url, a nonce, no jwk."""
    client = world.account()
    assert client.change_key(fresh(), **changes).problem == "400 malformed"


def test_the_same_key_is_malformed(world: AcmeWorld) -> None:
    """There is nothing to change."""
    client = world.account()
    assert client.change_key(client.key).problem == "400 malformed"


def test_weak_keys_are_refused(world: AcmeWorld) -> None:
    """As for new accounts."""
    assert world.account().change_key(rsa.generate_private_key(65537, 1024)).problem == "400 badPublicKey"


@pytest.mark.parametrize("member", ["account", "oldKey", "signature", "payload"])
def test_each_member_must_be_right(world: AcmeWorld, member: str) -> None:
    """Another account, another old key, another signer, no object at all."""
    client, new = world.account(), fresh()
    inner: Any = {"account": client.kid, "oldKey": jwk_of(client.key)}
    if member in inner:
        inner[member] = world.account().kid if member == "account" else jwk_of(fresh())
    content = b"[]" if member == "payload" else json.dumps(inner).encode()
    url = client.url("/key-change")
    signer = fresh() if member == "signature" else new
    jws = flattened(signer, {"alg": "ES256", "jwk": jwk_of(new), "url": url}, content)
    assert client.post(url, jws).problem == "400 malformed"


def test_it_is_signed_by_the_account(world: AcmeWorld) -> None:
    """The outer JWS has a `kid`; its payload is a JWS."""
    client = world.account()
    assert client.post(client.url("/key-change"), {}).problem == "400 malformed"
    client.kid = None
    assert client.post(client.url("/key-change"), {}).problem == "400 malformed"


def test_it_is_audited(world: AcmeWorld) -> None:
    """With both thumbprints."""
    client, new = world.account(), fresh()
    client.change_key(new)
    with world.store.reading() as tx:
        event = [one.event for one in tx.audit.walk() if one.event.action == "account.key-change"][-1]
    assert event.details["old"] == thumbprint_of(client.key)
    assert event.details["new"] == thumbprint_of(new)
