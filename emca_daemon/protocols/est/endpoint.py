"""A label and the collaborators behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emca_daemon.ca.authorities import Authorities, Authority
from emca_daemon.ca.credentials import CredentialStore
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.passwords import PasswordCheck
from emca_daemon.ca.revocation import Revoking
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.bearer import BearerToken
from emca_daemon.protocols.est.digest import DigestCheck
from emca_daemon.protocols.est.ports import Signer
from emca_daemon.protocols.est.rollover import RolloverCertificate
from emca_daemon.protocols.est.shared_secrets import SharedSecret
from emca_daemon.protocols.est.trust import CertificateTrust
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.est import EstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Everything that the operations of one label need."""

    label: str
    settings: EstSettings
    store: CredentialStore
    enrollment: Enrollment
    authorities: Authorities
    passwords: PasswordCheck
    digest: DigestCheck
    tokens: tuple[BearerToken, ...]
    trust: CertificateTrust
    signer: Signer
    revoking: Revoking
    secrets: Mapping[str, SharedSecret] = field(repr=False)
    recipient_keys: Mapping[bytes, bytes] = field(repr=False)
    clock: Clock
    random: RandomBytes
    weak_keys: WeakKeys
    rollover: tuple[RolloverCertificate, ...] = ()

    @property
    def authority(self) -> Authority:
        """The issuer of this label; raises Refused."""
        issuer = self.settings.issuer or self.enrollment.profile(self.settings.profile).issuer
        if issuer is None:
            raise Refused(Reason.PROFILE_REFUSED, f"the profile `{self.settings.profile}` names no issuer")
        return self.authorities.get(issuer)
