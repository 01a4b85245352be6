"""newAccount."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.acme_client import jwk_of
from tests.support.acme_world import BASE_URL, SETTINGS, AcmeWorld

TERMS = "https://ca.test/terms"


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def test_a_new_account(world: AcmeWorld) -> None:
    """201, Location, the object; nothing of what the client made up (RFC 8555 7.3)."""
    client = world.client()
    made_up = {"status": "revoked", "orders": "https://x/", "onlyReturnExisting": False, "foo": 1}
    answer = client.post(client.url("/new-account"), {"contact": ["mailto:a@example.com"], **made_up})
    assert answer.status == 201
    assert answer.location.startswith(f"{BASE_URL}/account/")
    assert answer.json == {
        "status": "valid",
        "contact": ["mailto:a@example.com"],
        "termsOfServiceAgreed": False,
        "orders": answer.location + "/orders",
    }


def test_the_same_key_again_finds_the_account(world: AcmeWorld) -> None:
    """200, the same Location, the stored object (7.3.1)."""
    client = world.client()
    first = client.post(client.url("/new-account"), {"contact": ["mailto:a@example.com"]})
    for payload in ({"contact": ["mailto:b@example.com"]}, {"onlyReturnExisting": True}):
        again = client.post(client.url("/new-account"), payload)
        assert (again.status, again.location, again.json) == (200, first.location, first.json)


def test_only_return_existing_makes_nothing(world: AcmeWorld) -> None:
    """An unknown key: 400 accountDoesNotExist."""
    client = world.client()
    payload = {"onlyReturnExisting": True}
    assert client.post(client.url("/new-account"), payload).problem == "400 accountDoesNotExist"
    assert client.post(client.url("/new-account"), payload).problem == "400 accountDoesNotExist"


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"contact": "mailto:a@example.com"}, "400 malformed"),
        ({"contact": ["tel:1"]}, "400 unsupportedContact"),
        ({"contact": ["mailto:a@b.example?subject=x"]}, "400 invalidContact"),
        ({"contact": ["mailto:a@b.example,c@d.example"]}, "400 invalidContact"),
        ({"termsOfServiceAgreed": "yes"}, "400 malformed"),
        ({"onlyReturnExisting": 1}, "400 malformed"),
        ([], "400 malformed"),
        (None, "400 malformed"),
    ],
)
def test_odd_payloads_are_refused(world: AcmeWorld, payload: Any, problem: str) -> None:
    """And no account comes of them."""
    client = world.client()
    assert client.post(client.url("/new-account"), payload).problem == problem
    existing = client.post(client.url("/new-account"), {"onlyReturnExisting": True})
    assert existing.problem == "400 accountDoesNotExist"


def test_it_is_signed_by_the_key_itself(world: AcmeWorld) -> None:
    """A `kid` is malformed here, a weak key badPublicKey."""
    client = world.account()
    assert client.post(client.url("/new-account"), {}).problem == "400 malformed"
    stranger = world.client()
    odd = {**jwk_of(stranger.key), "x": "AAAA"}
    assert stranger.post(stranger.url("/new-account"), {}, jwk=odd).problem == "400 badPublicKey"


def test_terms_must_be_agreed_to() -> None:
    """403 userActionRequired with the link (RFC 8555 7.3.3)."""
    world = AcmeWorld(replace(SETTINGS, terms_of_service=TERMS))
    client = world.client()
    for payload in ({}, {"termsOfServiceAgreed": False}):
        answer = client.post(client.url("/new-account"), payload)
        assert answer.problem == "403 userActionRequired"
        assert answer.links("terms-of-service") == [TERMS]
        assert answer.json["instance"] == TERMS
    answer = client.post(client.url("/new-account"), {"termsOfServiceAgreed": True})
    assert answer.json["termsOfServiceAgreed"] is True
    assert world.actions().count(("account.create", "success")) == 1


def test_two_at_once_make_one_account(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loser of the race is told of the winner's account."""
    from emca_daemon.store.acme import AcmeWriter

    client = world.client()
    first = client.post(client.url("/new-account"), {})
    real, seen = AcmeWriter.account_by_key, iter([None])
    monkeypatch.setattr(AcmeWriter, "account_by_key", lambda *args: next(seen, None) or _late(real, seen, args))
    again = client.post(client.url("/new-account"), {})
    assert (again.status, again.location) == (200, first.location)


def _late(real: Any, seen: Any, args: Any, calls: list[int] = []) -> Any:  # noqa: B006
    """Nothing the first time, the truth afterwards."""
    calls.append(1)
    return None if len(calls) == 1 else real(*args)
