"""External account binding."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.protocols.acme.records import Binding
from tests.support.acme_client import AcmeClient, Answer, external_binding, jwk_of
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import START

SECRET = bytes(range(32))
KEY = Binding("kid-1", None, SECRET, START)


def bound_world(*keys: Binding, policy: str = "required") -> AcmeWorld:
    """A world that knows these external accounts."""
    world = AcmeWorld(replace(SETTINGS, external_accounts=policy))
    with world.store.writing() as tx:
        for key in keys:
            assert tx.acme.add_binding(key)
    return world


def binding_of(client: AcmeClient, algorithm: str = "HS256", secret: bytes = SECRET, **changes: Any) -> dict[str, str]:
    """An externalAccountBinding."""
    return external_binding(client, secret, algorithm, **changes)


def register(client: AcmeClient, binding: object) -> Answer:
    """NewAccount with that binding."""
    return client.post(client.url("/new-account"), {"externalAccountBinding": binding})


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_an_account_is_bound(algorithm: str) -> None:
    """201, the binding in the account object, the key's name in the audit; a use is counted (RFC 8555 7.3.4)."""
    world = bound_world(KEY)
    client = world.client()
    binding = binding_of(client, algorithm)
    answer = register(client, binding)
    assert (answer.status, answer.json["externalAccountBinding"]) == (201, binding)
    again = register(client, None)
    assert (again.status, again.json) == (200, answer.json)
    with world.store.reading() as tx:
        found = tx.acme.binding("kid-1")
        event = list(tx.audit.walk())[-1].event
    assert found is not None
    assert (found.uses, event.details["external_account"]) == (1, "kid-1")


def test_members_of_the_key_in_any_order() -> None:
    """The key is compared by its thumbprint."""
    world = bound_world(KEY)
    client = world.client()
    shuffled = dict(reversed([*jwk_of(client.key).items(), ("kid", "mine")]))
    assert register(client, binding_of(client, payload=shuffled)).status == 201


def test_it_is_required_or_not() -> None:
    """403 externalAccountRequired; where it is off it is overlooked."""
    assert register(bound_world(KEY).client(), None).problem == "403 externalAccountRequired"
    assert register(bound_world(KEY, policy="optional").client(), None).status == 201
    off = bound_world(policy="off").client()
    answer = register(off, "nonsense")
    assert (answer.status, "externalAccountBinding" in answer.json) == (201, False)


def test_wrong_macs_and_unknown_keys_are_told_alike() -> None:
    """403 unauthorized, word for word: also for another endpoint's key."""
    world = bound_world(KEY, Binding("elsewhere", "other", SECRET, START))
    client = world.client()
    answers = [
        register(client, binding_of(client, secret=b"wrong")),
        register(client, binding_of(client, kid="unknown")),
        register(client, binding_of(client, kid="elsewhere")),
        register(client, {**binding_of(client), "signature": ""}),
    ]
    assert {answer.problem for answer in answers} == {"403 unauthorized"}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_odd_bindings_are_refused() -> None:
    """Malformed, or badSignatureAlgorithm with the list."""
    client = bound_world(KEY).client()
    other = jwk_of(ec.generate_private_key(ec.SECP256R1()))
    odd: list[object] = [
        "x",
        [],
        {},
        binding_of(client, url=client.url("/new-order")),
        binding_of(client, url=None),
        binding_of(client, nonce="AAAA"),
        binding_of(client, kid=7),
        binding_of(client, kid=None),
        binding_of(client, payload=other),
        binding_of(client, payload={}),
        binding_of(client, payload=[]),
    ]
    assert {register(client, one).problem for one in odd} == {"400 malformed"}
    for algorithm in ("ES256", "none", "HS1"):
        answer = register(client, binding_of(client, algorithm))
        assert answer.problem == "400 badSignatureAlgorithm"
        assert answer.json["algorithms"] == ["HS256", "HS384", "HS512"]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (replace(KEY, revoked=START), "revoked"),
        (replace(KEY, expires=START), "expired"),
        (replace(KEY, uses=2, most_uses=2), "as often"),
    ],
)
def test_a_key_at_its_end_is_refused(key: Binding, why: str) -> None:
    """403 unauthorized; whoever knows the key is told why."""
    client = bound_world(key).client()
    answer = register(client, binding_of(client))
    assert (answer.problem, why in answer.json["detail"]) == ("403 unauthorized", True)


def test_a_key_for_one_account_makes_one() -> None:
    """The second newAccount is refused, and a refused one uses nothing up."""
    world = bound_world(replace(KEY, most_uses=1, expires=START + timedelta(days=1)))
    first, second = world.client(), world.client()
    bad = {"externalAccountBinding": binding_of(first), "contact": ["tel:1"]}
    assert first.post(first.url("/new-account"), bad).problem == "400 unsupportedContact"
    assert register(first, binding_of(first)).status == 201
    assert register(second, binding_of(second)).problem == "403 unauthorized"
