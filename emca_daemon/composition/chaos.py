"""Chaos around the ACME endpoints of a demonstration: wrappers, so that the protocol itself knows nothing of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.acme_validation import Fetches
from emca_daemon.outbound.chaos import AlwaysValid, ChaoticFetches
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.chaos.chance import Chance
from emca_daemon.protocols.chaos.forgetting import ForgetfulStore
from emca_daemon.protocols.chaos.moved import MovedDirectory
from emca_daemon.protocols.chaos.responder import ChaoticResponder
from emca_daemon.protocols.chaos.slow_orders import SlowOrders
from emca_daemon.protocols.http import Responder
from emca_daemon.protocols.routing import Mount
from emca_daemon.settings.acme import AcmeSettings

_PATH_KEY = "chaos-path"


def endpoint_mounts(core: Core, endpoint: Endpoint) -> tuple[Mount, ...]:
    """An endpoint where it is served: at its address, or moved away from it by chaos."""
    chaos = core.settings.chaos
    if not chaos.at_work:
        return (Mount(endpoint.mount, AcmeResponder(endpoint)),)
    if not chaos.moved_resources:
        return (Mount(endpoint.mount, chaotic(core)(endpoint)),)
    known, secret = endpoint.mount, _path_secret(core)
    settings = replace(endpoint.settings, base_url=f"{endpoint.settings.base_url}/{secret}")
    moved = replace(endpoint, settings=settings)
    responder = chaotic(core)(moved)
    entrance = MovedDirectory(
        responder,
        entrance=f"{known}/directory",
        directory=f"{moved.mount}/directory",
        unknown_entry=core.random(8).hex(),
    )
    return Mount(moved.mount, responder), Mount(known, entrance)


def chaotic(core: Core) -> Callable[[Endpoint], Responder]:
    """What makes the responder of an endpoint with the chaos of the settings; orders of all of them are held back."""
    chaos = core.settings.chaos
    refuse_outside_demonstrations(core)
    slow_orders = SlowOrders(chaos.slow_orders, core.clock)
    chance = Chance(core.random)

    def make(endpoint: Endpoint) -> Responder:
        store = ForgetfulStore(endpoint.store, chaos.forgotten_authorizations, chance)
        inner = AcmeResponder(replace(endpoint, store=store))
        return ChaoticResponder(inner, chaos, mount=endpoint.mount, chance=chance, slow_orders=slow_orders)

    return make


def chosen_fetches(core: Core, settings: AcmeSettings, fetches: Fetches, reactor: Any) -> Fetches:
    """How an endpoint's challenges are attempted: really, or as a demonstration may; `reactor` is Twisted's."""
    if settings.always_valid:
        refuse_outside_demonstrations(core)
        fetches = AlwaysValid()
    if core.settings.chaos.at_work:
        refuse_outside_demonstrations(core)
        fetches = ChaoticFetches(fetches, core.settings.chaos, Chance(core.random), reactor)
    return fetches


def refuse_outside_demonstrations(core: Core) -> None:
    """Raise Refused unless this is a demonstration: the settings were checked before, but too much hangs on it."""
    if not core.settings.demo:
        raise Refused(Reason.WRONG_STATE, "only a demonstration may skip validations or go wrong on purpose")


def _path_secret(core: Core) -> str:
    """The same for all processes on one database, as the addresses of accounts hang on it."""
    with core.store.writing() as tx:
        return tx.acme.secret(_PATH_KEY, core.random(4)).hex()
