"""One message on its way through an endpoint, and what is answered."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from emca_daemon.asn1.cmp import Body, InformationValue, Message
from emca_daemon.ca.authorities import Authorities
from emca_daemon.ca.cmp_signers import CmpSigners
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.revocation import Revoking
from emca_daemon.clock import Clock
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.cmp.authentication import Authentication
from emca_daemon.protocols.cmp.credentials import Credential
from emca_daemon.protocols.cmp.ports import Registry, Store
from emca_daemon.protocols.cmp.records import Transaction
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.cmp import CmpSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint and what it works with; `root_update` as in the settings, parsed.

    `key_authorities` signs the keys that are made here; None where none are.
    """

    name: str
    settings: CmpSettings
    store: Store
    authorities: Authorities
    enrollment: Enrollment
    revoking: Revoking
    signers: CmpSigners
    registry: Registry
    authentication: Authentication
    weak_keys: WeakKeys | None
    root_update: tuple[x509.Certificate, ...]
    clock: Clock
    random: RandomBytes
    key_authorities: CmpSigners | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message came from: the peer, the request's id, and what its path said of profile and operation."""

    address: str
    request_id: str
    label: str = ""
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A message whose sender is proved; `nonce` is the senderNonce of the answer, `opened` the transaction so far."""

    endpoint: Endpoint
    message: Message
    credential: Credential
    opened: Transaction | None
    origin: Origin
    now: datetime
    nonce: bytes = field(repr=False)

    @property
    def transaction_id(self) -> bytes:
        """The transaction's id, which the checks of the header have found to be there."""
        return self.message.header.transaction_id or b""

    @property
    def requester(self) -> Requester:
        """The sender as policy and the audit chain know it."""
        return self.credential.requester(self.endpoint.name, self.origin.address, self.origin.request_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with what else goes into the message: certificates for extraCerts and generalInfo.

    `pvno` is the least version that has what is in the body (RFC 9483 3.1).
    """

    type: Body
    content: bytes
    certificates: tuple[bytes, ...] = ()
    information: tuple[InformationValue, ...] = ()
    pvno: int = 2
