"""Who asks, as far as HTTP and TLS have proved it."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from emca_daemon.ca.records import CertificateRecord
from emca_daemon.protocols.http_users import HttpUser


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """A client certificate whose key TLS saw used, and why it is trusted.

    `record` is its record where we issued it; None for a foreign authority's. `agent` says that it holds id-kp-cmcRA
    (RFC 7030 3.7): its holder asks for others, so their keys are not linked to the TLS session.
    """

    certificate: x509.Certificate
    record: CertificateRecord | None = None
    agent: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """The client of one request."""

    user: HttpUser | None = None
    trusted: TrustedCertificate | None = None

    @property
    def identity(self) -> str:
        """The user; else the holder of our certificate as it was issued; else a foreign certificate's subject.

        Where that is empty, as IDevIDs with alternative names alone have it, it is the certificate's own SHA-256.
        """
        if self.user is not None:
            return self.user.name
        if self.trusted is None:
            return ""
        if self.trusted.record is not None:
            return self.trusted.record.intent.requester
        certificate = self.trusted.certificate
        return certificate.subject.rfc4514_string() or f"sha256:{certificate.fingerprint(SHA256()).hex()}"

    @property
    def proof(self) -> str:
        """How that was proved: `password`, `token`, `tls-certificate`, or two of them joined by `+`."""
        proofs = ["tls-certificate"] if self.trusted is not None else []
        if self.user is not None:
            proofs.append(self.user.proof)
        return "+".join(proofs) or "none"

    @property
    def agent(self) -> bool:
        """Whether it asks for others (RFC 7030 3.7), by its certificate."""
        return self.trusted is not None and self.trusted.agent

    @property
    def groups(self) -> frozenset[str]:
        """The user's groups."""
        return frozenset() if self.user is None else self.user.groups
