"""Reading, updating and deactivating accounts."""

from typing import Any

import pytest

from tests.support.acme_client import csr_for
from tests.support.acme_world import AcmeWorld


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def test_contacts_are_replaced(world: AcmeWorld) -> None:
    """The empty list clears them; terms, orders and unknown members are ignored (RFC 8555 7.3.2)."""
    client = world.account()
    url = client.kid or ""
    payload = {"contact": ["mailto:new@example.com"], "termsOfServiceAgreed": False, "orders": "x", "foo": 1}
    assert client.post(url, payload).json["contact"] == ["mailto:new@example.com"]
    assert client.post(url).json["contact"] == ["mailto:new@example.com"]
    assert client.post(url, {"status": "valid"}).json["contact"] == ["mailto:new@example.com"]
    cleared = client.post(url, {"contact": []})
    assert (cleared.status, cleared.json["contact"], cleared.location) == (200, [], url)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"status": "revoked"}, "400 malformed"),
        ({"status": 1}, "400 malformed"),
        ({"contact": None, "status": "nonsense"}, "400 malformed"),
        ({"contact": ["mailto:"]}, "400 invalidContact"),
        ([], "400 malformed"),
    ],
)
def test_other_changes_are_refused(world: AcmeWorld, payload: Any, problem: str) -> None:
    """Nothing changes."""
    client = world.account()
    assert client.post(client.kid or "", payload).problem == problem
    assert client.post(client.kid or "").json["status"] == "valid"


def test_another_accounts_address_is_forbidden(world: AcmeWorld) -> None:
    """To read, to change, and its list of orders."""
    client, other = world.account(), world.account()
    url = other.kid or ""
    for target, payload in ((url, None), (url, {"status": "deactivated"}), (url + "/orders", None)):
        assert client.post(target, payload).problem == "403 unauthorized"
    assert other.post(url).json["status"] == "valid"


def test_a_deactivated_account_is_at_its_end() -> None:
    """Everything by its key is refused (RFC 8555 7.3.6); open orders are cancelled; its certificates live on."""
    world = AcmeWorld()
    client, url = world.account(), ""
    world.issue(client, "a.example.com")
    order = client.order("b.example.com")
    url = client.kid or ""
    answer = client.post(url, {"status": "deactivated"})
    assert (answer.status, answer.json["status"]) == (200, "deactivated")
    assert client.post(url).problem == "401 unauthorized"
    assert client.order("c.example.com").problem == "401 unauthorized"
    assert client.finalize(order, csr_for("b.example.com")).problem == "401 unauthorized"
    client.kid = None
    for payload in ({}, {"onlyReturnExisting": True}):
        assert client.post(client.url("/new-account"), payload).problem == "403 unauthorized"
    with world.store.reading() as tx:
        authorization = tx.acme.authorization(order.json["authorizations"][0].rpartition("/")[2])
    assert authorization is not None
    assert authorization.status.value == "deactivated"
    assert ("account.deactivate", "success") in world.actions()
