"""Challenges that are judged in the request."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.acme import AcmeLimitsSettings, Rate
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.onion import Service

ONION = replace(SETTINGS, challenges=("onion-csr-01",))


def test_a_response_that_comes_too_late() -> None:
    """Where both saw it pending, the slower is told that it is being looked at, and changes nothing."""
    world, service = AcmeWorld(ONION), Service()
    client = world.account()
    order = client.order(service.address)
    challenge = client.challenge(order, "onion-csr-01")

    def too_late(*_: Any) -> None:
        raise Refused(Reason.WRONG_STATE, "the challenge is not pending any more")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emca_daemon.store.acme.AcmeWriter.update_challenge", too_late)
        assert client.post(challenge["url"], service.proof(challenge)).json["status"] == "processing"
    assert client.post(order.location).json["status"] == "pending"
    assert world.validations.woken == []


def test_a_dead_authorization_is_not_judged() -> None:
    """400 malformed: deactivated, expired or failed."""
    world, service = AcmeWorld(ONION), Service()
    client = world.account()
    orders = [client.order(service.address) for _ in range(3)]
    gone, failed, late = (client.challenge(order, "onion-csr-01") for order in orders)
    client.post(orders[0].json["authorizations"][0], {"status": "deactivated"})
    assert client.post(gone["url"], service.proof(gone)).problem == "400 malformed"
    assert client.post(failed["url"], service.proof(gone)).json["status"] == "invalid"
    assert client.post(failed["url"], service.proof(failed)).problem == "400 malformed"
    world.clock.advance(days=8)
    client.forget_nonces()
    assert client.post(late["url"], service.proof(late)).problem == "400 malformed"


def test_failures_are_counted() -> None:
    """As those of other challenges are."""
    limits = AcmeLimitsSettings(failed_validations_per_name=Rate(1, timedelta(hours=1)))
    world, service = AcmeWorld(replace(ONION, limits=limits)), Service()
    client = world.account()
    challenge = client.challenge(client.order(service.address), "onion-csr-01")
    assert client.post(challenge["url"], Service().proof(challenge)).json["status"] == "invalid"
    assert client.order(service.address).problem == "429 rateLimited"
