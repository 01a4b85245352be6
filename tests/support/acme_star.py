"""An endpoint that renews certificates automatically."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from emca_daemon.policy.profile import ValidityRules
from emca_daemon.protocols.acme.star_renewals import StarRenewals
from emca_daemon.settings.acme import AcmeStarSettings
from tests.support.acme_client import AcmeClient, Answer, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld

NAME = "star.example.com"
OFFERED = replace(SETTINGS, star=AcmeStarSettings(offered=True, allow_certificate_get=True))
TERMS: dict[str, Any] = {"end-date": "2026-06-20T12:00:00Z", "lifetime": 4 * 86_400}


def star_world(**changes: Any) -> AcmeWorld:
    """A world whose profile lets orders choose their validity; `changes` are about the profile."""
    rules = ValidityRules(requested="allow", backdate=timedelta(hours=1))
    return AcmeWorld(OFFERED, **{"validity": rules, **changes})


def star_order(world: AcmeWorld, client: AcmeClient, **changes: Any) -> Answer:
    """A valid order; `changes` are about its terms."""
    order = client.order(NAME, **{"auto-renewal": {**TERMS, **changes}})
    assert order.status == 201, order
    client.post(client.challenge(order)["url"], {})
    world.work()
    return client.finalize(order, csr_for(NAME))


def renewals_of(world: AcmeWorld) -> StarRenewals:
    """What issues the next certificates."""
    return StarRenewals(world.store, world.enrollment, {"main": OFFERED}, world.endpoint.weak_keys, world.clock)
