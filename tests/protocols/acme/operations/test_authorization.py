"""Reading and deactivating authorizations."""

from typing import Any

import pytest

from tests.support.acme_client import csr_for
from tests.support.acme_world import AcmeWorld


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def test_a_pending_authorization(world: AcmeWorld) -> None:
    """Everything that RFC 8555 7.1.4 wants, a token of 160 bits or more in every challenge."""
    client = world.account()
    authorization = client.post(client.order("a.example.com").json["authorizations"][0])
    assert authorization.status == 200
    assert authorization.header("retry-after") is None
    document = authorization.json
    assert document["identifier"] == {"type": "dns", "value": "a.example.com"}
    assert document["status"] == "pending"
    assert document["expires"]
    assert "wildcard" not in document
    assert [challenge["type"] for challenge in document["challenges"]] == ["http-01", "dns-01"]
    for challenge in document["challenges"]:
        assert challenge["status"] == "pending"
        assert len(challenge["token"]) >= 27
        assert challenge["url"]


def test_a_wildcard_authorization(world: AcmeWorld) -> None:
    """No `*.` in the identifier, wildcard true, dns-01 only."""
    client = world.account()
    document = client.post(client.order("*.example.com").json["authorizations"][0]).json
    assert document["identifier"] == {"type": "dns", "value": "example.com"}
    assert document["wildcard"] is True
    assert [challenge["type"] for challenge in document["challenges"]] == ["dns-01"]


def test_retry_after_while_it_is_validated(world: AcmeWorld) -> None:
    """Seconds, never a date; gone when done."""
    client = world.account()
    order = client.order("a.example.com")
    url = order.json["authorizations"][0]
    client.post(client.challenge(order)["url"], {})
    assert client.post(url).header("retry-after") == "1"
    world.work(right=False, retry=True)
    assert client.post(url).header("retry-after") == "6"
    world.clock.advance(seconds=5)
    world.work()
    done = client.post(url)
    assert done.header("retry-after") is None
    assert done.json["status"] == "valid"
    assert done.json["expires"] == "2026-07-01T12:00:05Z"
    assert [challenge["status"] for challenge in done.json["challenges"]] == ["valid"]


def test_it_is_deactivated_pending_or_valid(world: AcmeWorld) -> None:
    """The order with it is invalid then (RFC 8555 7.5.2)."""
    client = world.account()
    for order in (client.order("p.example.com"), world.ready_order(client, "v.example.com")):
        url = order.json["authorizations"][0]
        answer = client.post(url, {"status": "deactivated"})
        assert (answer.status, answer.json["status"]) == (200, "deactivated")
        assert (
            client.post(order.location or "" if order.status == 201 else _location(order)).json["status"] == "invalid"
        )
        assert client.post(url, {"status": "deactivated"}).problem == "400 malformed"
        assert client.finalize(order, csr_for("p.example.com")).problem == "403 orderNotReady"


def _location(order: Any) -> str:
    return str(order.json["finalize"]).removesuffix("/finalize")


@pytest.mark.parametrize("payload", [{}, {"status": "valid"}, {"status": "pending"}, {"status": 7}, []])
def test_other_changes_are_malformed(world: AcmeWorld, payload: Any) -> None:
    """Only `deactivated` can be asked for."""
    client = world.account()
    url = client.order("a.example.com").json["authorizations"][0]
    assert client.post(url, payload).problem == "400 malformed"


def test_it_is_private_and_expires(world: AcmeWorld) -> None:
    """Another account's: 403; none: 404; an expired one cannot be deactivated."""
    client, other = world.account(), world.account()
    url = client.order("a.example.com").json["authorizations"][0]
    assert other.post(url).problem == "403 unauthorized"
    assert client.post(url + "x").problem == "404 malformed"
    world.clock.advance(days=8)
    client.forget_nonces()
    assert client.post(url).json["status"] == "expired"
    assert client.post(url, {"status": "deactivated"}).problem == "400 malformed"
