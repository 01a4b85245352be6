"""The settings as values: every key of `conf/emca.toml`, its type and its default.

Durations are `timedelta` (TOML text such as "90d", "12h", "30s"); paths are absolute once read, relative ones being
taken from the folder of the settings file; secrets are never in the file, only paths to files that hold them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.chaos import ChaosSettings
from emca_daemon.settings.cmp import CmpSettings
from emca_daemon.settings.est import EstSettings
from emca_daemon.settings.limits import count, each_of, limited, one_of, port, positive, size
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.toml_reading import between


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where rows live: `url` is `sqlite:///PATH` or `postgresql://user@host/name`, the password apart."""

    url: str = "sqlite:///emca.db"
    password_file: Path | None = None
    pool_size: int = limited(4, count)
    timeout: timedelta = limited(timedelta(seconds=10), positive)


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
    """p11-kit-proxy.so to go through instead of loading the module itself; None: the module itself, with locking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS of a listener: certificate and key in PEM files, or issued and renewed by the daemon itself.

    With `issuer` and `profile` set the daemon issues the certificate for `names`, writes both files and renews them.
    `client_certificates` is `no`, `optional`, `required` or `any`; `client_authorities` are PEM files of the CAs whose
    client certificates are accepted (empty: those of our own issuers). `any` asks for a certificate and proves only
    that the client has its key; whether it is trusted is left to the protocol (EST judges by label).
    """

    certificate: Path
    key: Path
    issuer: IssuerName | None = None
    profile: ProfileName | None = None
    names: tuple[str, ...] = ()
    client_certificates: str = limited("no", one_of("no", "optional", "required", "any"))
    client_authorities: tuple[Path, ...] = ()


SERVED: Final = ("acme", "cmp", "est", "scep", "ocsp", "downloads", "health", "metrics")
"""What a listener may serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """One listening socket and what it serves.

    `socket` names a systemd socket (`LISTEN_FDNAMES`) instead of address and port; `serves` is any of `SERVED`;
    of a `quiet` one, requests that succeed are logged for debugging only.
    """

    address: str = "127.0.0.1"
    port: int = limited(0, port)
    socket: str | None = None
    serves: tuple[str, ...] = limited((), each_of(*SERVED))
    quiet: bool = False
    tls: TlsSettings | None = None
    max_header: int = limited(16_384, size)
    max_body: int = limited(1_048_576, size)
    header_timeout: timedelta = limited(timedelta(seconds=10), positive)
    body_timeout: timedelta = limited(timedelta(seconds=20), positive)
    idle_timeout: timedelta = limited(timedelta(seconds=60), positive)
    connections: int = limited(4096, count)
    connections_per_peer: int = limited(512, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSettings:
    """How an issuer publishes: addresses written into certificates, and its CRLs.

    `{name}` in an address stands for the issuer's name. `alternative_names` are written `email:ca@example.com`,
    `uri:https://...`, `dns:` or `ip:`, for profiles with `authority.alternative_names`. `crl_every` is how often a CRL
    comes out, `crl_valid` its nextUpdate (the difference is the overlap), `crl_after_revocation` the longest wait after
    a status change (less than two seconds: until the next look, of which there is one a second).
    """

    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    alternative_names: tuple[str, ...] = ()
    crl_every: timedelta = limited(timedelta(hours=12), positive)
    crl_valid: timedelta = limited(timedelta(days=4), positive)
    crl_after_revocation: timedelta = timedelta(seconds=60)
    ocsp_profile: ProfileName | None = None
    """Profile of the delegated OCSP signer; None: the issuer's own key signs answers."""
    ocsp_key: KeyName | None = None
    """Where that signer's key is made; None: `ocsp-{name}` beside the issuer's own key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspSettings:
    """The OCSP responder; `unknown` is what a serial never issued gets: `unknown`, `unauthorized` or `revoked`."""

    path: str = "/ocsp"
    unknown: str = limited("unknown", one_of("unknown", "unauthorized", "revoked"))
    validity: timedelta = limited(timedelta(hours=12), positive)
    max_requests: int = limited(10, between(1, 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadsSettings:
    """Downloads: CRLs at `{crl_path}/NAME.crl`, certificates at `{certificate_path}/NAME.{cer,pem,p7c}`."""

    crl_path: str = "/crl"
    certificate_path: str = "/ca"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSettings:
    """Where responders run: `auto`, `reactor` or `threads`; the pool's size; what may wait for it."""

    mode: str = limited("auto", one_of("auto", "reactor", "threads"))
    threads: int = limited(8, between(1, 256))
    backlog: int = limited(512, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Logs: `format` is `json` or `console`, `level` the least that is written."""

    format: str = limited("json", one_of("json", "console"))
    level: str = limited("info", one_of("debug", "info", "warning", "error"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of the settings; `file` is where they were read from."""

    file: Path
    profiles: Path = Path("profiles")
    demo: bool = False
    user: str | None = None
    """The account to drop to after binding, when started as root."""
    weak_keys: Path | None = None
    """File with SHA-256 fingerprints of SubjectPublicKeyInfos whose private keys are known to others."""
    store: StoreSettings = field(default_factory=StoreSettings)
    software: dict[str, SoftwareSignerSettings] = field(default_factory=dict)
    pkcs11: dict[str, Pkcs11SignerSettings] = field(default_factory=dict)
    listeners: dict[str, ListenerSettings] = field(default_factory=dict)
    issuer_defaults: IssuerSettings = field(default_factory=IssuerSettings)
    issuers: dict[IssuerName, IssuerSettings] = field(default_factory=dict)
    acme: dict[str, AcmeSettings] = field(default_factory=dict)
    cmp: dict[str, CmpSettings] = field(default_factory=dict)
    scep: dict[str, ScepSettings] = field(default_factory=dict)
    est: dict[str, EstSettings] = field(default_factory=dict)
    chaos: ChaosSettings = field(default_factory=ChaosSettings)
    ocsp: OcspSettings = field(default_factory=OcspSettings)
    downloads: DownloadsSettings = field(default_factory=DownloadsSettings)
    execution: ExecutionSettings = field(default_factory=ExecutionSettings)
    logs: LogSettings = field(default_factory=LogSettings)

    def issuer(self, name: IssuerName) -> IssuerSettings:
        """The settings of an issuer: its own section, or the defaults."""
        return self.issuers.get(name, self.issuer_defaults)
