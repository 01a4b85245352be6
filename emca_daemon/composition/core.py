"""The CA put together from settings: store, keys, policy and services, without listeners."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emca_daemon.asn1.names import written_name
from emca_daemon.ca.approval import Approval
from emca_daemon.ca.authorities import Authorities, Publication
from emca_daemon.ca.crl import CrlPublishing
from emca_daemon.ca.cycle import IssuanceCycle
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.external import ExternalAuthorities
from emca_daemon.ca.hierarchy import Hierarchy
from emca_daemon.ca.ocsp_signers import OcspSigners
from emca_daemon.ca.records import AuditEvent
from emca_daemon.ca.revocation import Revoking
from emca_daemon.clock import Clock, system_clock
from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.lint import Linter
from emca_daemon.policy.loading import load_profiles
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.weak_keys import WeakKeys, read_fingerprints
from emca_daemon.randomness import RandomBytes, system_random
from emca_daemon.settings.model import Settings
from emca_daemon.signers.choosing import ChosenKeys, open_keys
from emca_daemon.store.database import open_engine
from emca_daemon.store.transactions import SqlStore


@dataclass(frozen=True, slots=True)
class Core:
    """The CA without its listeners: what the command line works with, and what the daemon serves."""

    settings: Settings
    profiles: Mapping[ProfileName, Profile]
    store: SqlStore
    keys: ChosenKeys
    authorities: Authorities
    enrollment: Enrollment
    revoking: Revoking
    approval: Approval
    hierarchy: Hierarchy
    external: ExternalAuthorities
    crls: CrlPublishing
    ocsp_signers: OcspSigners
    linter: Linter
    weak_keys: WeakKeys
    clock: Clock
    random: RandomBytes


def build_core(
    settings: Settings,
    profiles: Mapping[ProfileName, Profile],
    clock: Clock = system_clock,
    random: RandomBytes = system_random,
    noticed: Callable[[AuditEvent], None] = lambda _: None,
    *,
    store: SqlStore | None = None,
    keys: ChosenKeys | None = None,
) -> Core:
    """Open the store and the keys, unless they are given, and put the CA together.

    `noticed` is told every audit event, unless the store is given.
    """
    store = store or SqlStore(open_engine(settings.store), clock, noticed=noticed)
    keys = keys or open_keys(settings.software, settings.pkcs11)
    authorities = Authorities(store, lambda name: publication(settings, name))
    linter = Linter()
    cycle = IssuanceCycle(store=store, keys=keys, linter=linter, clock=clock, random=random)
    enrollment = Enrollment(
        store=store, authorities=authorities, cycle=cycle, profiles=profiles, clock=clock, random=random
    )
    revoking = Revoking(store, clock)
    hierarchy = Hierarchy(
        store=store,
        authorities=authorities,
        keys=keys,
        cycle=cycle,
        enrollment=enrollment,
        revoking=revoking,
        clock=clock,
    )
    return Core(
        settings=settings,
        profiles=profiles,
        store=store,
        keys=keys,
        authorities=authorities,
        enrollment=enrollment,
        revoking=revoking,
        approval=Approval(store, enrollment, clock),
        hierarchy=hierarchy,
        external=ExternalAuthorities(store=store, keys=keys, hierarchy=hierarchy, clock=clock),
        crls=CrlPublishing(store=store, authorities=authorities, keys=keys, clock=clock),
        ocsp_signers=OcspSigners(store=store, authorities=authorities, enrollment=enrollment, keys=keys, clock=clock),
        linter=linter,
        weak_keys=read_weak_keys(settings.weak_keys),
        clock=clock,
        random=random,
    )


def read_weak_keys(file: Path | None) -> WeakKeys:
    """The keys that nobody gets a certificate for; raises Refused(MALFORMED)."""
    return WeakKeys() if file is None else WeakKeys(read_fingerprints(file.read_text(), str(file)))


def open_core(settings: Settings, noticed: Callable[[AuditEvent], None] = lambda _: None) -> Core:
    """The CA with the profiles that the settings name; raises Refused with every problem of theirs."""
    profiles, problems = load_profiles(settings.profiles)
    if problems:
        mismatches = tuple(
            Mismatch(f"{p.file}: {p.key}" if p.key else p.file, p.expected, Reason.MALFORMED) for p in problems
        )
        raise Refused(Reason.MALFORMED, "the profiles cannot be used", mismatches)
    return build_core(settings, profiles, noticed=noticed)


def publication(settings: Settings, name: IssuerName) -> Publication:
    """How an issuer publishes, with its name filled into the addresses."""
    chosen = settings.issuer(name)

    def filled(addresses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address.replace("{name}", name) for address in addresses)

    return Publication(
        ocsp_urls=filled(chosen.ocsp_urls),
        issuer_urls=filled(chosen.issuer_urls),
        crl_urls=filled(chosen.crl_urls),
        alternative_names=tuple(map(written_name, chosen.alternative_names)),
        crl_every=chosen.crl_every,
        crl_valid=chosen.crl_valid,
        crl_after_change=chosen.crl_after_revocation,
        ocsp_profile=chosen.ocsp_profile,
        ocsp_key=chosen.ocsp_key,
    )
