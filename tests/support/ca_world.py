"""A whole CA in memory: real policy, store and cycle; keys and time in the test's hand."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from sqlalchemy import Engine

from emca_daemon.asn1.names import name_to_subject
from emca_daemon.ca.approval import Approval
from emca_daemon.ca.authorities import Authorities, Publication
from emca_daemon.ca.crl import CrlPublishing
from emca_daemon.ca.cycle import IssuanceCycle
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.external import ExternalAuthorities
from emca_daemon.ca.hierarchy import Hierarchy, NewAuthority
from emca_daemon.ca.ocsp_signers import OcspSigners
from emca_daemon.ca.revocation import Revoking
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, IssuerName, KeyName, NameType, ProfileName
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.lint import Linter
from emca_daemon.policy.loading import load_profiles
from emca_daemon.policy.profile import Profile
from emca_daemon.randomness import system_random
from emca_daemon.settings.model import StoreSettings
from emca_daemon.signers.algorithms import generate
from emca_daemon.store.database import is_in_memory, open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlStore

PROFILES = Path(__file__).parents[2] / "conf" / "profiles"
START = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
BY = Requester("cli", "tester", "local", "192.0.2.7", "req-1")
ROOT, ISSUING = IssuerName("root"), IssuerName("issuing")


@dataclass
class FakeClock:
    """A clock that stands still until it is told to move."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, **duration: float) -> None:
        """Move on: `advance(hours=1)`."""
        self.now += timedelta(**duration)


@dataclass
class MemoryKeys:
    """Keys in a dict; `down` makes every use of them fail as an unreachable token does."""

    keys: dict[KeyName, CertificateIssuerPrivateKeyTypes] = field(default_factory=dict)
    down: bool = False
    decrypting: set[KeyName] = field(default_factory=set)

    def get(self, name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        """The key."""
        if self.down:
            raise Refused(Reason.UNAVAILABLE, "the token does not answer", retry_after=5)
        if name not in self.keys:
            raise Refused(Reason.NOT_FOUND, f"there is no key `{name}`")
        return self.keys[name]

    def generate(
        self,
        name: KeyName,
        algorithm: str,
        *,
        decrypts: bool = False,
    ) -> CertificateIssuerPrivateKeyTypes:
        """A new key; those that decrypt are noted."""
        if name in self.keys:
            raise Refused(Reason.WRONG_STATE, f"there is a key `{name}` already")
        self.keys[name] = generate(algorithm)
        if decrypts:
            self.decrypting.add(name)
        return self.keys[name]

    def import_key(self, name: KeyName, key: CertificateIssuerPrivateKeyTypes) -> None:
        """Keep a key."""
        self.keys[name] = key

    def list(self) -> list[tuple[KeyName, str]]:
        """Every key."""
        return [(name, type(key).__name__) for name, key in self.keys.items()]


@cache
def conf_profiles() -> Mapping[ProfileName, Profile]:
    """The profiles of `conf`, read once: they do not change."""
    return load_profiles(PROFILES)[0]


@cache
def _migrated() -> bytes:
    """An empty database that is migrated, to be copied: migrating takes longer than most tests."""
    engine = open_engine(StoreSettings(url="sqlite:///:memory:"))
    migrate(engine)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver.serialize()


def _opened(url: str) -> Engine:
    """A database that is migrated."""
    engine = open_engine(StoreSettings(url=url))
    if not is_in_memory(engine):
        migrate(engine)
        return engine
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.deserialize(_migrated())
    return engine


class World:
    """The CA's services over one in-memory store."""

    def __init__(
        self,
        profiles: Mapping[ProfileName, Profile] | None = None,
        publication: Publication | None = None,
        url: str = "sqlite:///:memory:",
    ) -> None:
        """`url` is that of a database that may be empty."""
        self.clock = FakeClock()
        self.keys = MemoryKeys()
        engine = _opened(url)
        self.store = SqlStore(engine, self.clock)
        self.publication = publication or Publication(ocsp_profile=ProfileName("ocsp-signer"))
        self.authorities = Authorities(self.store, lambda _: self.publication)
        self.profiles = dict(profiles or conf_profiles())
        self.cycle = IssuanceCycle(
            store=self.store, keys=self.keys, linter=Linter(), clock=self.clock, random=system_random
        )
        self.enrollment = Enrollment(
            store=self.store,
            authorities=self.authorities,
            cycle=self.cycle,
            profiles=self.profiles,
            clock=self.clock,
            random=system_random,
        )
        self.revoking = Revoking(self.store, self.clock)
        self.approval = Approval(self.store, self.enrollment, self.clock)
        self.crls = CrlPublishing(store=self.store, authorities=self.authorities, keys=self.keys, clock=self.clock)
        self.hierarchy = Hierarchy(
            store=self.store,
            authorities=self.authorities,
            keys=self.keys,
            cycle=self.cycle,
            enrollment=self.enrollment,
            revoking=self.revoking,
            clock=self.clock,
        )
        self.external = ExternalAuthorities(
            store=self.store, keys=self.keys, hierarchy=self.hierarchy, clock=self.clock
        )
        self.ocsp_signers = OcspSigners(
            store=self.store,
            authorities=self.authorities,
            enrollment=self.enrollment,
            keys=self.keys,
            clock=self.clock,
        )

    def with_issuers(self, algorithm: str = "p-256", *, pss: bool = False) -> "World":
        """The same with a root and an issuing CA under it."""
        self.hierarchy.create_root(new_authority(ROOT, "root-ca", algorithm, pss=pss), BY)
        self.hierarchy.create_sub(new_authority(ISSUING, "issuing-ca", algorithm, pss=pss), ROOT, BY)
        return self

    def actions(self) -> list[tuple[str, str]]:
        """What the audit chain says happened: action and outcome, in order."""
        with self.store.reading() as tx:
            return [(sealed.event.action, sealed.event.outcome) for sealed in tx.audit.walk()]


def new_authority(name: IssuerName, profile: str, algorithm: str = "p-256", *, pss: bool = False) -> NewAuthority:
    """A new CA called after its name."""
    from cryptography import x509

    return NewAuthority(
        name=name,
        profile=ProfileName(profile),
        subject=name_to_subject(x509.Name.from_rfc4514_string(f"CN=Test {name} CA,O=Test")),
        key=KeyName(f"memory:{name}"),
        algorithm=algorithm,
        pss=pss,
    )


def server_request(*names: str, requester: Requester = BY) -> RequestFacts:
    """The facts of a request for a server certificate with these DNS names and a fresh key."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return RequestFacts(
        requester=requester,
        subject=(),
        names=tuple(AlternativeName(NameType.DNS, name) for name in names),
        key=key_facts(key),
        request_signature="ecdsa-with-SHA256",
    )
