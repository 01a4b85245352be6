"""One ACME endpoint: its settings, its addresses, and everything that its operations work with."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from josepy.b64 import b64encode

from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.revocation import Revoking
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason
from emca_daemon.names import ProfileName
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.account_keys import KeyMemory
from emca_daemon.protocols.acme.alternates import Alternates
from emca_daemon.protocols.acme.attestation.judging import Roots
from emca_daemon.protocols.acme.authority_tokens import TokenAuthority
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.nonces import Nonces
from emca_daemon.protocols.acme.ports import AcmeStore, Validations
from emca_daemon.protocols.http import Request
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.acme import AcmeSettings

_ID_BYTES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint and its collaborators; every row that it writes carries `name`."""

    name: str
    settings: AcmeSettings
    store: AcmeStore
    enrollment: Enrollment
    revoking: Revoking
    validations: Validations
    clock: Clock
    random: RandomBytes
    nonces: Nonces
    weak_keys: WeakKeys
    keys: KeyMemory
    alternates: Alternates = field(default_factory=Alternates)
    token_authorities: tuple[TokenAuthority, ...] = ()
    attestation_roots: Roots = field(default_factory=dict)

    @property
    def mount(self) -> str:
        """The path under which it is mounted."""
        return urlsplit(self.settings.base_url).path

    def url(self, path: str) -> str:
        """The address of a resource, as clients see it."""
        return self.settings.base_url + path

    def url_of(self, request: Request) -> str:
        """The address that a client must have put into the protected header of this request (RFC 8555 6.4)."""
        query = f"?{request.query}" if request.query else ""
        return self.settings.base_url + request.path.removeprefix(self.mount) + query

    def profile_name(self, asked: str | None) -> ProfileName:
        """Our profile behind the one that an order asked for; raises invalidProfile for one that is not advertised."""
        if asked is None:
            return self.settings.profile
        chosen = self.settings.profiles.get(asked)
        if chosen is None:
            problem = Problem("invalidProfile", f"the profile `{asked[:64]}` is not among those of the directory")
            raise AcmeRefusal(problem, reason=Reason.PROFILE_REFUSED)
        return chosen.profile

    def account_url(self, account_id: str) -> str:
        """The address of an account: what clients send as `kid`."""
        return self.url(f"/account/{account_id}")

    def order_url(self, order_id: str) -> str:
        """The address of an order."""
        return self.url(f"/order/{order_id}")

    def authorization_url(self, authorization_id: str) -> str:
        """The address of an authorization."""
        return self.url(f"/authorization/{authorization_id}")

    def challenge_url(self, challenge_id: str) -> str:
        """The address of a challenge."""
        return self.url(f"/challenge/{challenge_id}")

    def certificate_url(self, order_id: str) -> str:
        """The address of an order's certificate."""
        return self.url(f"/certificate/{order_id}")

    def star_certificate_url(self, order_id: str) -> str:
        """The address of the present certificate of an order that is renewed automatically."""
        return self.url(f"/star-certificate/{order_id}")

    def delegation_url(self, delegation_id: str) -> str:
        """The address of what was delegated to an account."""
        return self.url(f"/delegation/{delegation_id}")

    def new_id(self) -> str:
        """An unguessable name for a new row, 20 characters of base64url."""
        return b64encode(self.random(_ID_BYTES)).decode()
