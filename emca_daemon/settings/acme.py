"""The settings of ACME endpoints, a table each (`[acme.NAME]`), and of what they may do on the network."""

from dataclasses import dataclass, field
from datetime import timedelta

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.limits import each_of, limited, positive
from emca_daemon.toml_reading import between, not_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """What outbound look-ups may do.

    `resolvers` are `address` or `address:port` (empty: the system's); `hosts` are fixed answers (name, `*.name` too →
    address), asked before any resolver; `allow_networks` lists networks that would otherwise be refused (private,
    loopback, link-local ...).
    """

    resolvers: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    allow_networks: tuple[str, ...] = ()
    timeout: timedelta = limited(timedelta(seconds=10), positive)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """One ACME endpoint.

    `base_url` is what clients see (`https://ca.example/acme`), without a trailing slash; its path is where the
    endpoint is mounted. `challenges` are the types offered.
    """

    base_url: str
    profile: ProfileName
    issuer: IssuerName | None = None
    """Whose certificates they are; None: the profile's issuer."""
    challenges: tuple[str, ...] = limited(("http-01", "dns-01"), not_empty, each_of("http-01", "dns-01", "tls-alpn-01"))
    terms_of_service: str | None = None
    website: str | None = None
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
    validation_attempts: int = limited(4, between(1, 100))
    validation_interval: timedelta = limited(timedelta(seconds=5), positive)
    always_valid: bool = False
    """Whether challenges count as met without a look; only a demonstration may do so."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
