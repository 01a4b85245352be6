"""ACME in one process: an endpoint a settings table, one validator for them all."""

from typing import Any

from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import Duty
from emca_daemon.outbound.acme_answers import AnswerFetches
from emca_daemon.outbound.acme_validation import AcmeValidation, Run
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.outbound.http import HttpFetcher
from emca_daemon.protocols.acme.account_keys import KeyMemory
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.nonces import Nonces, NonceSweep, nonce_key
from emca_daemon.protocols.acme.ports import Validations
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.acme.validation import ValidationDesk
from emca_daemon.protocols.routing import Mount
from emca_daemon.settings.acme import AcmeSettings


def acme_mounts(core: Core, validations: Validations) -> tuple[Mount, ...]:
    """Every endpoint at the path of its address."""
    key = nonce_key(core.store, core.random)
    keys = KeyMemory()
    endpoints = (
        Endpoint(
            name=name,
            settings=settings,
            store=core.store,
            enrollment=core.enrollment,
            revoking=core.revoking,
            validations=validations,
            clock=core.clock,
            random=core.random,
            nonces=Nonces(key, name, settings.nonce_lifetime, core.clock, core.random),
            weak_keys=core.weak_keys,
            keys=keys,
        )
        for name, settings in core.settings.acme.items()
    )
    return tuple(Mount(endpoint.mount, AcmeResponder(endpoint)) for endpoint in endpoints)


def acme_duties(core: Core) -> tuple[Duty, ...]:
    """Forgetting used nonces."""
    lifetime = max(settings.nonce_lifetime for settings in core.settings.acme.values())
    sweep = NonceSweep(core.store, lifetime)
    return (Duty("ACME nonces", lambda: sweep.sweep(core.clock())),)


def acme_validation(core: Core, reactor: Any, run: Run, holder: str) -> AcmeValidation:
    """The validator of this process."""
    exchange = Exchange(reactor, core.random)

    def fetches(settings: AcmeSettings) -> AnswerFetches:
        lookups = Lookups(settings.network, exchange)
        seconds = settings.network.timeout.total_seconds()
        return AnswerFetches(reactor, lookups, HttpFetcher(reactor, lookups, settings), seconds)

    return AcmeValidation(
        reactor,
        ValidationDesk(core.store, core.settings.acme, core.clock),
        {name: fetches(settings) for name, settings in core.settings.acme.items()},
        holder=holder,
        run=run,
    )
