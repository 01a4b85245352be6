"""Reading orders, and lists of them."""

from dataclasses import replace

import pytest

from tests.support.acme_client import csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def test_an_order_is_read_for_days(world: AcmeWorld) -> None:
    """The same arrays, Location always, still there when it is long done."""
    client = world.account()
    order = client.order("a.example.com", "b.example.com")
    again = client.post(order.location)
    assert (again.status, again.json, again.location) == (200, order.json, order.location)
    assert again.header("retry-after") is None


def test_an_order_expires() -> None:
    """It is invalid then, and says why."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    world.clock.advance(days=7)
    client.forget_nonces()
    answer = client.post(order.location)
    assert answer.json["status"] == "invalid"
    assert "expired" in answer.json["error"]["detail"]
    assert client.finalize(order, csr_for("a.example.com")).problem == "403 orderNotReady"


def test_a_failed_authorization_makes_the_order_invalid(world: AcmeWorld) -> None:
    """The error names it."""
    client = world.account()
    order = client.order("a.example.com", "b.example.com")
    client.post(client.challenge(order)["url"], {})
    world.work(right=False)
    answer = client.post(order.location).json
    assert answer["status"] == "invalid"
    assert answer["error"]["type"].endswith(":unauthorized")
    assert order.json["authorizations"][0] in answer["error"]["detail"]


def test_orders_are_private(world: AcmeWorld) -> None:
    """Another account's: 403; none: 404; a payload: 400."""
    client, other = world.account(), world.account()
    order = client.order("a.example.com")
    assert other.post(order.location).problem == "403 unauthorized"
    assert client.post(order.location + "x").problem == "404 malformed"
    assert client.post(order.location, {}).problem == "400 malformed"


def test_the_list_comes_in_pages() -> None:
    """Each order once, next pages by Link (RFC 8555 7.1.2.1)."""
    world = AcmeWorld(replace(SETTINGS, orders_per_page=3))
    client = world.account()
    url = client.post(client.kid or "").json["orders"]
    assert client.post(url).json == {"orders": []}
    orders = {client.order(f"n{number}.example.com").location for number in range(7)}
    seen: list[str] = []
    pages = [url]
    while pages:
        answer = client.post(pages.pop())
        seen += answer.json["orders"]
        pages += answer.links("next")
    assert sorted(seen) == sorted(orders)


@pytest.mark.parametrize("query", ["before=x", "after=" + "x" * 65, "after=é", "x"])
def test_cursors_of_others_are_malformed(world: AcmeWorld, query: str) -> None:
    """The query is ours."""
    client = world.account()
    assert client.post(f"{client.kid}/orders?{query}").problem == "400 malformed"
