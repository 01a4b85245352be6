"""Orders that replace certificates."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.settings.acme import AcmeLimitsSettings, Rate
from tests.support.acme_client import csr_for, renewal_name
from tests.support.acme_world import SETTINGS, AcmeWorld

NAME = "www.example.com"


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def test_a_replacement_is_echoed_and_unique(world: AcmeWorld) -> None:
    """409 alreadyReplaced for the second (RFC 9773 5), also once the first is valid; free when it became invalid."""
    client = world.account()
    old = renewal_name(world.issue(client, NAME))
    first = client.order(NAME, "other.example.com", replaces=old)
    assert (first.status, first.json["replaces"]) == (201, old)
    assert client.post(first.location).json["replaces"] == old
    assert client.order(NAME, replaces=old).problem == "409 alreadyReplaced"
    for url in first.json["authorizations"]:
        client.post(url, {"status": "deactivated"})
    assert client.post(first.location).json["status"] == "invalid"
    second = client.order(NAME, replaces=old)
    client.post(client.challenge(second)["url"], {})
    world.work()
    assert client.finalize(second, csr_for(NAME)).json["status"] == "valid"
    assert client.order(NAME, replaces=old).problem == "409 alreadyReplaced"


def test_replacements_that_are_refused(world: AcmeWorld) -> None:
    """Another account's, without a common name, unknown, no name at all."""
    client = world.account()
    old = renewal_name(world.issue(client, NAME))
    assert world.account().order(NAME, replaces=old).problem == "403 unauthorized"
    assert client.order("other.example.com", replaces=old).problem == "400 malformed"
    assert client.order(NAME, replaces=old.partition(".")[0] + ".AQ").problem == "404 malformed"
    for value in ("x", old + "=", 7, ["x"]):
        assert client.order(NAME, replaces=value).problem == "400 malformed"
    assert client.order(NAME, replaces=old).status == 201


def test_replacements_are_free_of_the_rate_limit() -> None:
    """And overlooked where renewal information is off."""
    limits = AcmeLimitsSettings(orders_per_account=Rate(1, timedelta(days=1)))
    world = AcmeWorld(replace(SETTINGS, limits=limits))
    client = world.account()
    old = renewal_name(world.issue(client, NAME))
    assert client.order(NAME).problem == "429 rateLimited"
    assert client.order(NAME, replaces=old).status == 201
    off = AcmeWorld(replace(SETTINGS, renewal_info=False)).account().order(NAME, replaces="x")
    assert (off.status, "replaces" in off.json) == (201, False)
