"""Forgetting old orders and authorizations."""

from datetime import timedelta

import pytest

from emca_daemon.protocols.acme import retention
from emca_daemon.protocols.acme.retention import Retention
from tests.support.acme_world import AcmeWorld

KEEP, LIFETIME = timedelta(days=90), timedelta(days=7)


def walk(retention: Retention, world: AcmeWorld) -> int:
    """Step until it rests; how many steps."""
    steps = 0
    while retention.step(world.clock()):
        steps += 1
    return steps


def test_an_order_outlives_its_expiry_by_what_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is unknown; its authorization goes later, so that no kept order loses one."""
    monkeypatch.setattr(retention, "_BATCH", 2)
    world = AcmeWorld()
    client = world.account()
    urls = [client.order(f"{letter}.example.com").location for letter in "abc"]
    authorization = client.post(urls[0]).json["authorizations"][0]
    forgetting = Retention(world.store, KEEP, LIFETIME)
    assert walk(forgetting, world) == 4
    world.clock.advance(days=96)
    client.forget_nonces()
    walk(forgetting, world)
    assert [client.post(url).status for url in urls] == [200, 200, 200]
    world.clock.advance(days=2)
    client.forget_nonces()
    walk(forgetting, world)
    assert [client.post(url).problem for url in urls] == ["404 malformed"] * 3
    assert client.post(authorization).status == 200
    world.clock.advance(days=20)
    client.forget_nonces()
    walk(forgetting, world)
    assert client.post(authorization).problem == "404 malformed"


def test_it_rests_between_walks() -> None:
    """Half a day."""
    world = AcmeWorld()
    forgetting = Retention(world.store, KEEP, LIFETIME)
    assert walk(forgetting, world) == 2
    assert not forgetting.step(world.clock())
    world.clock.advance(hours=13)
    assert forgetting.step(world.clock())
