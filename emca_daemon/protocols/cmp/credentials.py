"""Who sent a message, and what that one may do."""

from dataclasses import dataclass, field
from enum import Enum

from cryptography import x509

from emca_daemon.asn1.values import Algorithm
from emca_daemon.ca.records import CertificateRecord
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.cmp.ports import SharedSecret


class Kind(Enum):
    """By what somebody is known; the value is the requester's `proof`."""

    SECRET = "shared-secret"  # noqa: S105 - the name of a method
    CERTIFICATE = "signature"
    VENDOR = "vendor-certificate"
    RA = "registration-authority"
    PASSPHRASE = "revocation-passphrase"  # noqa: S105 - the name of a method


@dataclass(frozen=True, slots=True)
class Credential:
    """A proved sender: by a shared secret, or by a certificate (with its record where it is one of ours).

    `key` names the credential in the table of transactions, `identity` its holder for policy and audit.
    """

    kind: Kind
    key: str
    identity: str
    protection: Algorithm
    secret: SharedSecret | None = field(default=None, repr=False)
    certificate: x509.Certificate | None = None
    record: CertificateRecord | None = None

    def requester(self, endpoint: str, origin: str, request_id: str) -> Requester:
        """The holder as policy and the audit chain know it."""
        return Requester("cmp", self.identity, self.kind.value, origin, request_id, endpoint)
