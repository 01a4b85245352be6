"""What operations are given."""

import pytest

from tests.support.acme_world import AcmeWorld


def test_the_requester_is_the_account() -> None:
    """Policy and audit see the account's URL, the peer, the request and the endpoint."""
    world = AcmeWorld()
    client = world.account()
    with world.store.reading() as tx:
        (event,) = [one.event for one in tx.audit.walk() if one.event.action == "account.create"]
    assert event.subject == client.kid
    assert event.actor.startswith("key:")
    assert (event.proof, event.origin) == ("jws", "192.0.2.1")
    assert event.details["application"] == "main"
    assert event.request_id.startswith("req-")


@pytest.mark.parametrize("path", ["/directory", "/new-nonce"])
def test_read_only_resources_take_no_payload(path: str) -> None:
    """RFC 8555 6.3: POST-as-GET has the empty string."""
    client = AcmeWorld().account()
    assert client.post(client.url(path), {}).problem == "400 malformed"
    assert client.post(client.url(path)).status in {200, 204}


def test_refusals_of_foreign_resources_are_unauthorized() -> None:
    """Another account's address with one's own signature."""
    world = AcmeWorld()
    one, other = world.account(), world.account()
    assert one.post(other.kid or "").problem == "403 unauthorized"
