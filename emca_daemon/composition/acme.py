"""ACME in one process: an endpoint a settings table, one validator for them all."""

from pathlib import Path
from typing import Any

from cryptography import x509

from emca_daemon.composition.acme_email import email_desks, email_services, mailed
from emca_daemon.composition.chaos import chosen_fetches, endpoint_mounts
from emca_daemon.composition.core import Core
from emca_daemon.composition.corroboration import Noted, corroborated, corroborated_caa
from emca_daemon.composition.duties import Duty
from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.acme_answers import AnswerFetches
from emca_daemon.outbound.acme_validation import AcmeValidation, Fetches, Run
from emca_daemon.outbound.caa import CaaCheck
from emca_daemon.outbound.caa_rechecks import CaaRechecks
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.outbound.looking import CaaAsking
from emca_daemon.protocols.acme.account_keys import KeyMemory
from emca_daemon.protocols.acme.alternates import Alternates
from emca_daemon.protocols.acme.authority_tokens import TokenAuthority
from emca_daemon.protocols.acme.awaited import AwaitedDesk
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.nonces import Nonces, NonceSweep, nonce_key
from emca_daemon.protocols.acme.ports import Validations
from emca_daemon.protocols.acme.retention import Retention
from emca_daemon.protocols.acme.star_renewals import StarRenewals
from emca_daemon.protocols.acme.validation import ValidationDesk
from emca_daemon.protocols.routing import Mount
from emca_daemon.settings.acme import AcmeSettings


def acme_mounts(core: Core, validations: Validations) -> tuple[Mount, ...]:
    """Every endpoint at the path of its address, with the chaos that a demonstration may be told to make."""
    return tuple(mount for endpoint in acme_endpoints(core, validations) for mount in endpoint_mounts(core, endpoint))


def acme_endpoints(core: Core, validations: Validations) -> tuple[Endpoint, ...]:
    """Every endpoint with what it works with."""
    key = nonce_key(core.store, core.random)
    keys = KeyMemory()
    return tuple(
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
            alternates=Alternates(read_certificates(settings.alternate_certificates)),
            token_authorities=token_authorities(settings),
            attestation_roots={
                one: read_certificates(settings.attestation.of(one)) for one in settings.attestation.formats
            },
        )
        for name, settings in core.settings.acme.items()
    )


def token_authorities(settings: AcmeSettings) -> tuple[TokenAuthority, ...]:
    """The authorities whose tokens an endpoint trusts; raises Refused(MALFORMED) for a file without a certificate."""
    return tuple(
        TokenAuthority(name, read_certificates((one.certificate,))[0], one.x5u, one.issuer)
        for name, one in settings.token_authorities.items()
    )


def read_certificates(files: tuple[Path, ...]) -> tuple[x509.Certificate, ...]:
    """The certificates in some PEM files; raises Refused(MALFORMED)."""
    found: list[x509.Certificate] = []
    for file in files:
        try:
            found += x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as error:
            raise Refused(Reason.MALFORMED, f"{file} does not hold certificates in PEM: {error}") from error
    return tuple(found)


def acme_duties(core: Core) -> tuple[Duty, ...]:
    """Forgetting used nonces, and orders and authorizations that have long expired."""
    endpoints = core.settings.acme.values()
    sweep = NonceSweep(core.store, max(settings.nonce_lifetime for settings in endpoints))
    retention = Retention(
        core.store,
        max(settings.order_retention for settings in endpoints),
        max(settings.order_lifetime for settings in endpoints),
    )
    star = StarRenewals(core.store, core.enrollment, core.settings.acme, core.weak_keys, core.clock)
    return (
        Duty("ACME nonces", lambda: sweep.sweep(core.clock())),
        Duty("ACME orders", lambda: retention.step(core.clock())),
        *((Duty("ACME automatic renewal", star.run),) if any(one.star.offered for one in endpoints) else ()),
    )


def acme_validation(
    core: Core, reactor: Any, run: Run, holder: str, note: Noted = lambda _endpoint, _name, _outcome: None
) -> AcmeValidation:
    """The validator of this process; `note` counts what perspectives find."""
    desks = email_desks(core)

    def fetches(name: str, settings: AcmeSettings) -> Fetches:
        real: Fetches = AnswerFetches.of_endpoint(reactor, settings, core.random, core.clock)
        if settings.perspectives.remotes:
            real = corroborated(core, reactor, name, settings, real, note)
        if name in desks:
            real = mailed(core, reactor, settings, real, desks[name], run)
        return chosen_fetches(core, settings, real, reactor)

    return AcmeValidation(
        reactor,
        ValidationDesk(core.store, core.settings.acme, core.clock),
        {name: fetches(name, settings) for name, settings in core.settings.acme.items()},
        holder=holder,
        run=run,
        beside=(*caa_rechecks(core, reactor, run, note), *email_services(core, reactor, run, desks)),
    )


def caa_rechecks(
    core: Core, reactor: Any, run: Run, note: Noted = lambda _endpoint, _name, _outcome: None
) -> tuple[CaaRechecks, ...]:
    """Whoever asks CAA again before orders are issued, where any endpoint asks it at all."""
    asking = {name: settings for name, settings in core.settings.acme.items() if settings.caa == "on"}
    if not asking:
        return ()
    checks: dict[str, CaaAsking] = {}
    for name, settings in asking.items():
        lookups = Lookups(settings.network, Exchange(reactor, core.random))
        checks[name] = CaaCheck(reactor, lookups, settings.network.timeout.total_seconds())
        if settings.perspectives.remotes:
            checks[name] = corroborated_caa(reactor, name, settings, checks[name], note)
    desk = AwaitedDesk(core.store, core.enrollment, asking, core.weak_keys, core.clock)
    return (CaaRechecks(reactor, desk, checks, run),)
