"""The settings of SCEP, a table an endpoint (`[scep.NAME]`)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.limits import limited, one_of, positive
from emca_daemon.settings.scep_outside import (
    ScepCallsSettings,
    ScepIntuneSettings,
    ScepJamfSettings,
    ScepWebhookSettings,
)
from emca_daemon.settings.scep_provisioning import ScepApiSettings, ScepPageSettings, ScepUsersSettings

QUIRKS: Final = ("standard", "cisco-ios", "juniper", "apple", "windows-intune", "legacy")
"""Names of quirk profiles; what each stands for is in `protocols/scep/quirks.py`."""

DEFAULT_ENDPOINT: Final = "default"
USUAL_PATHS: Final = ("/scep", "/cgi-bin/pkiclient.exe", "/certsrv/mscep/mscep.dll", "/certsrv/mscep")
"""Where clients look that are told a host and no more; the endpoint called `default` answers there."""

CLIENT_PATH: Final = "/pkiclient.exe"
"""What old clients append to whatever address they are given: that endpoint answers it below any one segment."""

ASKING: Final = ("webhook", "intune")
"""Policies that ask somebody else."""

POLICIES: Final = ("none", "static", "one-time", "device", *ASKING)
"""What a client may have to know to get its first certificate."""

_RA = ProfileName("scep-ra")
_RA_SIGNING = ProfileName("scep-ra-signing")
_RA_ENCRYPTION = ProfileName("scep-ra-encryption")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepChallengeSettings:
    """What a client must know.

    `none`: nothing, a person approves every request; `static`: the secret in a file; `one-time`: a challenge that was
    made for it; `device`: the challenge that its registration made; `webhook`, `intune`: what somebody else knows.
    """

    policy: str = limited("none", one_of(*POLICIES))
    secret_file: Path | None = None
    lifetime: timedelta = limited(timedelta(days=30), positive)
    """How long a challenge can be used, unless whoever makes it says otherwise (`one-time`, `device`)."""
    device_id: str = limited("serial-number", one_of("serial-number", "common-name"))
    """Where in its request's subject a registered device's id stands (`device`)."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """A static challenge needs its file, the other has none."""
        if (self.policy == "static") != (self.secret_file is not None):
            yield "secret_file", 'expected a file with the secret where policy = "static", and only there'


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepLegacySettings:
    """What is broken and refused (badAlg) unless switched on, each by itself."""

    sha1: bool = False
    md5: bool = False
    triple_des: bool = False
    des: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepRenewalSettings:
    """Renewal by the signature of the certificate to be renewed."""

    enabled: bool = True
    window: timedelta | None = None
    """How long before its end a certificate may be renewed; None: at any time."""
    same_key: bool = True
    """Whether the new certificate may have the old key."""
    same_names: bool = True
    """Whether subject and names must be those of the old certificate."""
    profile: ProfileName | None = None
    """The profile of renewed certificates; None: the endpoint's."""
    profiles: tuple[ProfileName, ...] = ()
    """Profiles whose certificates may be renewed here; none: the endpoint's own and the one above."""
    issuers: tuple[IssuerName, ...] = ()
    """Issuers that came before the endpoint's own: their certificates are renewed here, too, and asked after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepSettings:
    """One endpoint.

    `paths` are where it answers, each with everything below; none: `/scep/NAME`, and for the endpoint called `default`
    `USUAL_PATHS` and, below any one segment, `CLIENT_PATH`. `ra` says who answers for the CA: `one` RA certificate,
    `two` (one signs, one decrypts), or `none` (the CA itself, whose key must be an RSA key that decrypts).
    """

    profile: ProfileName
    issuer: IssuerName | None = None
    """Whose certificates they are; None: the profile's issuer."""
    paths: tuple[str, ...] = ()
    quirks: str = limited("standard", one_of(*QUIRKS))
    get: bool = True
    """Whether PKIOperation is answered by GET as well."""
    ra: str = limited("one", one_of("one", "two", "none"))
    ra_profile: ProfileName = _RA
    ra_signing_profile: ProfileName = _RA_SIGNING
    ra_encryption_profile: ProfileName = _RA_ENCRYPTION
    ra_signer: str | None = None
    """The signer that keeps the RA's keys, which decrypt; None: the first of kind `software`, else the first token."""
    ra_algorithm: str = limited("rsa-2048", one_of("rsa-2048", "rsa-3072", "rsa-4096"))
    ca_decrypts: bool = False
    """Whether messages to the CA's own certificate are opened beside those to the RA; its key must be an RSA key."""
    include_ca_certificate: bool | None = None
    """Whether replies enclose the CA's certificate beside the signer's; None: as the quirk profile says."""
    include_root: bool | None = None
    """Whether GetCACert has the root, too; None: as the quirk profile says."""
    next_issuer: IssuerName | None = None
    """The issuer that follows this one, for GetNextCACert."""
    transaction_lifetime: timedelta = limited(timedelta(days=1), positive)
    """How long the same request gets the same certificate again."""
    pending_lifetime: timedelta = limited(timedelta(days=30), positive)
    """How long a request that waits for a person can be asked after."""
    challenge: ScepChallengeSettings = field(default_factory=ScepChallengeSettings)
    legacy: ScepLegacySettings = field(default_factory=ScepLegacySettings)
    renewal: ScepRenewalSettings = field(default_factory=ScepRenewalSettings)
    users: ScepUsersSettings = field(default_factory=ScepUsersSettings)
    page: ScepPageSettings = field(default_factory=ScepPageSettings)
    api: ScepApiSettings = field(default_factory=ScepApiSettings)
    jamf: ScepJamfSettings = field(default_factory=ScepJamfSettings)
    webhook: ScepWebhookSettings = field(default_factory=ScepWebhookSettings)
    intune: ScepIntuneSettings = field(default_factory=ScepIntuneSettings)
    calls: ScepCallsSettings = field(default_factory=ScepCallsSettings)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Challenges are handed out where they are asked for, and a device does not become another by renewal."""
        if self.page.enabled and self.challenge.policy != "one-time":
            yield "page.enabled", 'expected `challenge.policy = "one-time"`: the page makes such challenges'
        if self.api.enabled and self.challenge.policy not in ("one-time", "device"):
            yield "api.enabled", 'expected `challenge.policy` to be "one-time" or "device"'
        if self.jamf.enabled and self.challenge.policy != "one-time":
            yield "jamf.enabled", 'expected `challenge.policy = "one-time"`: Jamf Pro is given such challenges'
        if (self.webhook.url is not None) != (self.challenge.policy == "webhook"):
            yield "webhook.url", 'expected an address where `challenge.policy = "webhook"`, and only there'
        intune = self.intune
        if self.challenge.policy == "intune" and not (intune.tenant and intune.application and intune.secret_file):
            yield "intune", 'expected `tenant`, `application` and `secret_file` where `challenge.policy = "intune"`'
        if self.challenge.policy == "device" and self.renewal.enabled and not self.renewal.same_names:
            yield "renewal.same_names", 'expected true with `challenge.policy = "device"`: devices stay who they are'

    @property
    def every_profile(self) -> frozenset[ProfileName]:
        """The profiles that are issued here."""
        return frozenset({self.profile, self.renewal.profile or self.profile})

    @property
    def all_profiles(self) -> tuple[ProfileName, ...]:
        """Those, and the RA's."""
        return tuple(sorted({*self.every_profile, *(profile for _, profile in self.ra_profiles)}))

    @property
    def ra_profiles(self) -> tuple[tuple[str, ProfileName], ...]:
        """The RA's certificates: purpose and profile."""
        if self.ra == "one":
            return (("ra", self.ra_profile),)
        if self.ra == "two":
            return (("sign", self.ra_signing_profile), ("encrypt", self.ra_encryption_profile))
        return ()

    @property
    def has_users(self) -> bool:
        """Whether anybody authenticates by HTTP here."""
        return self.page.enabled or self.api.enabled or self.jamf.enabled

    @property
    def asks(self) -> bool:
        """Whether somebody else is asked, which takes its time."""
        return self.challenge.policy in ASKING

    @property
    def outside_files(self) -> tuple[tuple[str, Path], ...]:
        """The secrets that are shown to somebody else: key in the settings and file."""
        found = (
            ("webhook.secret_file", self.webhook.secret_file),
            ("webhook.token_file", self.webhook.token_file),
            ("intune.secret_file", self.intune.secret_file),
        )
        return tuple((key, path) for key, path in found if path is not None)

    def api_path(self, name: str) -> str:
        """Where the endpoint of that name takes registrations."""
        return self.api.path or f"/scep-api/{name}"

    def jamf_path(self, name: str) -> str:
        """Where Jamf Pro asks the endpoint of that name for challenges."""
        return self.jamf.path or f"/scep-jamf/{name}"

    def provisioning_paths(self, name: str) -> tuple[tuple[str, str], ...]:
        """Where challenges are handed out: key in the settings and path."""
        page = (("page.path", self.page.path),) if self.page.enabled else ()
        api = (("api.path", self.api_path(name)),) if self.api.enabled else ()
        jamf = (("jamf.path", self.jamf_path(name)),) if self.jamf.enabled else ()
        return (*page, *api, *jamf)

    def every_path(self, name: str) -> tuple[str, ...]:
        """Where the endpoint of that name answers."""
        if self.paths:
            return self.paths
        own = (f"/scep/{name}",)
        return (*own, *USUAL_PATHS) if name == DEFAULT_ENDPOINT else own
