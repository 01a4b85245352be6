"""One SCEP endpoint: its settings and everything that its operations work with."""

from dataclasses import dataclass

from emca_daemon.asn1.cms_algorithms import MODERN_CIPHERS, MODERN_DIGESTS
from emca_daemon.ca.authorities import Authorities, Authority
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.scep.challenges import Challenges
from emca_daemon.protocols.scep.ports import Registration, ScepStore
from emca_daemon.protocols.scep.quirks import QUIRKS, Quirks
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.scep import ScepSettings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint by its name in the settings."""

    name: str
    settings: ScepSettings
    store: ScepStore
    authorities: Authorities
    enrollment: Enrollment
    registration: Registration
    challenges: Challenges
    clock: Clock
    random: RandomBytes
    weak_keys: WeakKeys

    @property
    def issuer(self) -> IssuerName:
        """Whose certificates they are; raises Refused(PROFILE_REFUSED) where nobody says."""
        issuer = self.settings.issuer or self.enrollment.profile(self.settings.profile).issuer
        if issuer is None:
            raise Refused(Reason.PROFILE_REFUSED, f"the profile `{self.settings.profile}` names no issuer")
        return issuer

    @property
    def issuers(self) -> tuple[IssuerName, ...]:
        """That one first, then those before it, whose certificates are still renewed and asked after."""
        return (self.issuer, *self.settings.renewal.issuers)

    @property
    def authority(self) -> Authority:
        """The issuer itself; raises Refused."""
        return self.authorities.get(self.issuer)

    @property
    def quirks(self) -> Quirks:
        """How this endpoint bends for its clients."""
        return QUIRKS[self.settings.quirks]

    @property
    def digests(self) -> frozenset[str]:
        """The digests that messages may use."""
        legacy = self.settings.legacy
        return MODERN_DIGESTS | ({"sha1"} if legacy.sha1 else set()) | ({"md5"} if legacy.md5 else set())

    @property
    def old_signatures(self) -> frozenset[str]:
        """The signatures that requests themselves may have because of a switch, whatever the profile says of them."""
        legacy = self.settings.legacy
        by_sha1 = {"sha1WithRSAEncryption", "ecdsa-with-SHA1"} if legacy.sha1 else set()
        return frozenset(by_sha1 | ({"md5WithRSAEncryption"} if legacy.md5 else set()))

    @property
    def ciphers(self) -> frozenset[str]:
        """The ciphers that envelopes may use."""
        legacy = self.settings.legacy
        old = ({"des-ede3-cbc"} if legacy.triple_des else set()) | ({"des-cbc"} if legacy.des else set())
        return MODERN_CIPHERS | old

    @property
    def renewable(self) -> frozenset[ProfileName]:
        """The profiles whose certificates may be renewed here."""
        return frozenset(self.settings.renewal.profiles) or self.settings.every_profile

    @property
    def chain_in_reply(self) -> bool:
        """Whether replies enclose the CA's certificates."""
        chosen = self.settings.include_ca_certificate
        return self.quirks.chain_in_reply if chosen is None else chosen

    @property
    def root_in_ca_certificates(self) -> bool:
        """Whether GetCACert has the root as well."""
        chosen = self.settings.include_root
        return self.quirks.root if chosen is None else chosen
