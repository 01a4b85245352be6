"""The settings of ACME endpoints, a table each (`[acme.NAME]`), and of what they may do on the network."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from emca_daemon.durations import parse_duration
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.acme_email import AcmeEmailSettings
from emca_daemon.settings.acme_tokens import AcmeTokenAuthoritySettings
from emca_daemon.settings.attestation import AcmeAttestationSettings
from emca_daemon.settings.corroboration import AcmePerspectivesSettings
from emca_daemon.settings.limits import each_of, limited, one_of, positive
from emca_daemon.toml_reading import between, not_empty

CHALLENGES: Final = (
    "http-01",
    "dns-01",
    "tls-alpn-01",
    "dns-account-01",
    "dns-persist-01",
    "onion-csr-01",
    "email-reply-00",
    "tkauth-01",
    "device-attest-01",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """What outbound look-ups may do.

    `resolvers` are `address` or `address:port` (empty: the system's); `hosts` are fixed answers (name, `*.name` too →
    address), asked before any resolver; `allow_networks` lists networks that would otherwise be refused (private,
    loopback, link-local ...). With `dnssec` `required` only answers count that the resolvers say they have validated
    (the AD bit), so that the resolvers and the way to them must be trusted.
    """

    resolvers: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    allow_networks: tuple[str, ...] = ()
    dnssec: str = limited("off", one_of("off", "required"))
    timeout: timedelta = limited(timedelta(seconds=10), positive)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeProfileSettings:
    """A profile that orders may ask for: one of ours, and the sentence that the directory shows."""

    profile: ProfileName
    description: str


@dataclass(frozen=True, slots=True)
class Rate:
    """How many things may happen in how long, all of them at once if need be: `300/3h`."""

    count: int
    window: timedelta

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """From `COUNT/DURATION`; raises ValueError."""
        count, _, window = text.partition("/")
        try:
            rate = cls(int(count), parse_duration(window))
        except ValueError:
            raise ValueError('a number and a duration such as "300/3h"') from None
        if not 0 < rate.count <= 1_000_000 or rate.window <= timedelta():
            raise ValueError('a number from 1 to 1000000 and a duration such as "300/3h"')
        return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeLimitsSettings:
    """What one requester may do in a time; None: any number.

    `overrides` are rates for single accounts (their address), external accounts (the id of their key), networks and
    names, whatever the limit;
    `documentation` is a page that refused clients are pointed to.
    """

    accounts_per_network: Rate | None = None
    orders_per_account: Rate | None = None
    orders_per_external_account: Rate | None = None
    orders_per_name: Rate | None = None
    failed_validations_per_name: Rate | None = None
    mails_per_address: Rate | None = None
    ipv4_prefix: int = limited(32, between(8, 32))
    ipv6_prefix: int = limited(48, between(16, 128))
    documentation: str | None = None
    overrides: dict[str, Rate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeStarSettings:
    """Short-term certificates that are renewed automatically (RFC 8739), where they are offered at all."""

    offered: bool = False
    min_lifetime: timedelta = limited(timedelta(days=1), positive)
    max_duration: timedelta = limited(timedelta(days=365), positive)
    allow_certificate_get: bool = False
    """Whether an order may let everybody download its certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """One ACME endpoint.

    `base_url` is what clients see (`https://ca.example/acme`), without a trailing slash; its path is where the
    endpoint is mounted. `challenges` are the types offered. `external_accounts` says whether newAccount must, may or
    cannot name an account known from elsewhere by a key of `emca-daemon eab`.
    """

    base_url: str
    profile: ProfileName
    issuer: IssuerName | None = None
    """Whose certificates they are; None: the profile's issuer."""
    challenges: tuple[str, ...] = limited(("http-01", "dns-01"), not_empty, each_of(*CHALLENGES))
    external_accounts: str = limited("off", one_of("off", "optional", "required"))
    token_authority: str | None = None
    """Where clients are told to get tokens (RFC 9447)."""
    pre_authorization: bool = False
    """Whether names can be proved before there is an order (newAuthz)."""
    subdomain_authorization: bool = False
    """Whether a proof by DNS may be good for all names beneath (RFC 9444)."""
    delegation: bool = False
    """Whether accounts are told what was delegated to them, and order by it (RFC 9115)."""
    allow_certificate_get: bool = False
    """Whether an order may let everybody download its certificate (RFC 9115)."""
    renewal_info: bool = True
    """Whether clients are told when to renew (RFC 9773)."""
    renewal_check: timedelta = limited(timedelta(hours=6), positive)
    """After how long clients should ask that again."""
    alternate_certificates: tuple[Path, ...] = ()
    """PEM files of cross-certificates and roots from elsewhere, for further chains; our own are known."""
    terms_of_service: str | None = None
    website: str | None = None
    caa: str = limited("off", one_of("off", "on"))
    """Whether CAA records of domains are asked and obeyed (RFC 8659)."""
    caa_identities: tuple[str, ...] = ()
    http_port: int = limited(80, between(1, 65_535))
    tls_port: int = limited(443, between(1, 65_535))
    order_lifetime: timedelta = limited(timedelta(days=7), positive)
    authorization_lifetime: timedelta = limited(timedelta(days=30), positive)
    nonce_lifetime: timedelta = limited(timedelta(hours=12), positive)
    order_retention: timedelta = limited(timedelta(days=90), positive)
    """How long after their expiry orders and authorizations, and with them certificates' addresses, are kept."""
    require_new_terms: bool = False
    """Whether accounts must agree anew once the address of the terms of service is another."""
    max_identifiers: int = limited(100, between(1, 1000))
    orders_per_page: int = limited(100, between(1, 1000))
    validation_attempts: int = limited(4, between(1, 100))
    validation_interval: timedelta = limited(timedelta(seconds=5), positive)
    always_valid: bool = False
    """Whether challenges count as met without a look; only a demonstration may do so."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    profiles: dict[str, AcmeProfileSettings] = field(default_factory=dict)
    token_authorities: dict[str, AcmeTokenAuthoritySettings] = field(default_factory=dict)
    limits: AcmeLimitsSettings = field(default_factory=AcmeLimitsSettings)
    star: AcmeStarSettings = field(default_factory=AcmeStarSettings)
    perspectives: AcmePerspectivesSettings = field(default_factory=AcmePerspectivesSettings)
    email: AcmeEmailSettings = field(default_factory=AcmeEmailSettings)
    attestation: AcmeAttestationSettings = field(default_factory=AcmeAttestationSettings)

    def profile_of(self, asked: str | None) -> ProfileName:
        """Ours behind the one that an order asked for; where that is not advertised any more, the usual one."""
        chosen = self.profiles.get(asked or "")
        return self.profile if chosen is None else chosen.profile

    @property
    def every_profile(self) -> frozenset[ProfileName]:
        """The profiles by which this endpoint issues."""
        return frozenset({self.profile, *(chosen.profile for chosen in self.profiles.values())})
