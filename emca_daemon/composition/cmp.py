"""CMP in one process: an endpoint a settings table, its responder's certificate, and what ends by itself."""

from pathlib import Path

from cryptography import x509

from emca_daemon.ca.cmp_signers import CmpSigners
from emca_daemon.composition.cmp_registry import FileRegistry
from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import Duty
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.cmp.authentication import Authentication
from emca_daemon.protocols.cmp.calls import Endpoint
from emca_daemon.protocols.cmp.exchange import Exchange
from emca_daemon.protocols.cmp.expiry import Expiry
from emca_daemon.protocols.cmp.responder import CmpResponder
from emca_daemon.protocols.cmp.vendor_paths import VendorPaths
from emca_daemon.protocols.routing import Mount
from emca_daemon.settings.cmp import CmpSettings


def cmp_mounts(core: Core, *, waits: bool) -> tuple[Mount, ...]:
    """Every endpoint at each of its paths; `waits` whether the store or the keys may take long."""
    mounts = []
    for name, settings in core.settings.cmp.items():
        exchange = Exchange(cmp_endpoint(core, name, settings))
        mounts += [
            Mount(path, CmpResponder(exchange, path=path, settings=settings, waits=waits)) for path in settings.paths
        ]
    return tuple(mounts)


def cmp_endpoint(core: Core, name: str, settings: CmpSettings) -> Endpoint:
    """One endpoint with what it works with; raises Refused for certificates that cannot be read."""
    registry = FileRegistry(settings.secrets, settings.devices)
    authentication = Authentication(
        endpoint=name,
        settings=settings,
        store=core.store,
        registry=registry,
        vendors=VendorPaths(_certificates(settings.vendor_authorities)),
        clock=core.clock,
    )
    return Endpoint(
        name=name,
        settings=settings,
        store=core.store,
        authorities=core.authorities,
        enrollment=core.enrollment,
        revoking=core.revoking,
        signers=cmp_signers(core, settings),
        registry=registry,
        authentication=authentication,
        weak_keys=core.weak_keys,
        root_update=_certificates(settings.root_update),
        clock=core.clock,
        random=core.random,
        key_authorities=key_authorities(core, settings) if settings.key_generation else None,
    )


def cmp_signers(core: Core, settings: CmpSettings) -> CmpSigners:
    """The responder's certificate of an endpoint."""
    return _signers(core, settings.issuer, settings.signer_profile, settings.signer_key, "cmp")


def key_authorities(core: Core, settings: CmpSettings) -> CmpSigners:
    """The certificate by which keys are signed that an endpoint makes for its clients."""
    return _signers(core, settings.issuer, settings.key_generation_profile, settings.key_generation_key, "kga")


def _signers(core: Core, issuer: IssuerName, profile: ProfileName, key: KeyName | None, role: str) -> CmpSigners:
    return CmpSigners(
        issuer=issuer,
        profile=profile,
        key=key,
        store=core.store,
        authorities=core.authorities,
        enrollment=core.enrollment,
        keys=core.keys,
        clock=core.clock,
        role=role,
    )


def cmp_duties(core: Core, requester: Requester) -> tuple[Duty, ...]:
    """Renewing the certificates of responders and key generation authorities, and ending what is overdue."""
    if not core.settings.cmp:
        return ()
    signers = {
        (settings.issuer, settings.signer_profile): cmp_signers(core, settings)
        for settings in core.settings.cmp.values()
    }
    signers |= {
        (settings.issuer, settings.key_generation_profile): key_authorities(core, settings)
        for settings in core.settings.cmp.values()
        if settings.key_generation
    }
    expiry = Expiry(
        store=core.store,
        revoking=core.revoking,
        settings=core.settings.cmp,
        requester=requester,
        clock=core.clock,
    )

    def renew() -> None:
        for one in signers.values():
            one.renew(requester)

    return (Duty("CMP responders", renew), Duty("CMP transactions", expiry.run))


def _certificates(files: tuple[Path, ...]) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(one for file in files for one in x509.load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError) as error:
        raise Refused(Reason.MALFORMED, "a file of certificates cannot be read") from error
