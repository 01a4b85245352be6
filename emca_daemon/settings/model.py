"""The settings as values: every key of `conf/emca.toml`, its type and its default.

Durations are `timedelta` (TOML text such as "90d", "12h", "30s"); paths are absolute once read, relative ones being
taken from the folder of the settings file; secrets are never in the file, only paths to files that hold them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from emca_daemon.names import IssuerName, KeyName, ProfileName


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where rows live: `url` is `sqlite:///PATH` or `postgresql://user@host/name`, the password apart."""

    url: str = "sqlite:///emca.db"
    password_file: Path | None = None
    pool_size: int = 4
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareSignerSettings:
    """Encrypted PKCS#8 files in a folder, opened with the passphrase in a file."""

    directory: Path = Path("keys")
    passphrase_file: Path = Path("keys.passphrase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11SignerSettings:
    """A token of a PKCS#11 module, found by label or by serial number."""

    module: Path
    token_label: str | None = None
    token_serial: str | None = None
    pin_file: Path
    proxy: Path | None = None
    """p11-kit-proxy; found by itself where None, not used where it does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS of a listener: certificate and key in PEM files, or issued and renewed by the daemon itself.

    With `issuer` and `profile` set the daemon issues the certificate for `names`, writes both files and renews them.
    `client_certificates` is `no`, `optional` or `required`; `client_authorities` are PEM files of the CAs whose client
    certificates are accepted (empty: those of our own issuers).
    """

    certificate: Path
    key: Path
    issuer: IssuerName | None = None
    profile: ProfileName | None = None
    names: tuple[str, ...] = ()
    client_certificates: str = "no"
    client_authorities: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """One listening socket and what it serves.

    `socket` names a systemd socket (`LISTEN_FDNAMES`) instead of address and port; `serves` is any of `acme`, `ocsp`,
    `downloads`, `health`, `metrics`; `front` is `web` (twisted.web) or `fast` (small requests only).
    """

    address: str = "127.0.0.1"
    port: int = 0
    socket: str | None = None
    serves: tuple[str, ...] = ()
    front: str = "web"
    tls: TlsSettings | None = None
    max_header: int = 16_384
    max_body: int = 1_048_576
    header_timeout: timedelta = timedelta(seconds=10)
    body_timeout: timedelta = timedelta(seconds=20)
    idle_timeout: timedelta = timedelta(seconds=60)
    connections: int = 4096
    connections_per_peer: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSettings:
    """How an issuer publishes: addresses written into certificates, and its CRLs.

    `{name}` in an address stands for the issuer's name. `crl_every` is how often a CRL comes out, `crl_valid` its
    nextUpdate (the difference is the overlap), `crl_after_revocation` the longest wait after a status change.
    """

    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    crl_every: timedelta = timedelta(hours=12)
    crl_valid: timedelta = timedelta(days=4)
    crl_after_revocation: timedelta = timedelta(seconds=60)
    ocsp_profile: ProfileName | None = None
    """Profile of the delegated OCSP signer; None: the issuer's own key signs answers."""
    ocsp_key: KeyName | None = None
    """Where that signer's keys are made; None: `software:ocsp-{name}`."""


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
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """One ACME endpoint.

    `base_url` is what clients see (`https://ca.example/acme`), without a trailing slash; its path is where the
    endpoint is mounted. `challenges` are the types offered.
    """

    base_url: str
    profile: ProfileName
    challenges: tuple[str, ...] = ("http-01", "dns-01")
    terms_of_service: str | None = None
    website: str | None = None
    caa_identities: tuple[str, ...] = ()
    http_port: int = 80
    tls_port: int = 443
    order_lifetime: timedelta = timedelta(days=7)
    authorization_lifetime: timedelta = timedelta(days=30)
    nonce_lifetime: timedelta = timedelta(hours=12)
    max_identifiers: int = 100
    validation_attempts: int = 4
    validation_interval: timedelta = timedelta(seconds=5)
    network: NetworkSettings = field(default_factory=NetworkSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspSettings:
    """The OCSP responder; `unknown` is what a serial never issued gets: `unknown`, `unauthorized` or `revoked`."""

    path: str = "/ocsp"
    unknown: str = "unknown"
    validity: timedelta = timedelta(hours=12)
    max_requests: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadsSettings:
    """Downloads: CRLs at `{crl_path}/NAME.crl`, certificates at `{certificate_path}/NAME.{cer,pem,p7c}`."""

    crl_path: str = "/crl"
    certificate_path: str = "/ca"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSettings:
    """Where responders run: `auto`, `reactor` or `threads`; the pool's size; what may wait for it."""

    mode: str = "auto"
    threads: int = 8
    backlog: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Logs: `format` is `json` or `console`, `level` the least that is written."""

    format: str = "json"
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of the settings; `file` is where they were read from."""

    file: Path
    profiles: Path = Path("profiles")
    demo: bool = False
    user: str | None = None
    """The account to drop to after binding, when started as root."""
    store: StoreSettings = field(default_factory=StoreSettings)
    software: dict[str, SoftwareSignerSettings] = field(default_factory=dict)
    pkcs11: dict[str, Pkcs11SignerSettings] = field(default_factory=dict)
    listeners: dict[str, ListenerSettings] = field(default_factory=dict)
    issuer_defaults: IssuerSettings = field(default_factory=IssuerSettings)
    issuers: dict[IssuerName, IssuerSettings] = field(default_factory=dict)
    acme: dict[str, AcmeSettings] = field(default_factory=dict)
    ocsp: OcspSettings = field(default_factory=OcspSettings)
    downloads: DownloadsSettings = field(default_factory=DownloadsSettings)
    execution: ExecutionSettings = field(default_factory=ExecutionSettings)
    logs: LogSettings = field(default_factory=LogSettings)

    def issuer(self, name: IssuerName) -> IssuerSettings:
        """The settings of an issuer: its own section, or the defaults."""
        return self.issuers.get(name, self.issuer_defaults)
