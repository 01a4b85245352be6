"""What the CA needs of others: small protocols that the store and the signers fulfil.

A unit of work is a `Reading` or a `Writing`: an open transaction whose attributes are the aggregates. Protocols that
keep rows of their own (ACME) extend both in their own `ports.py`; the store's one transaction class fulfils them all.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca.records import (
    AuditEvent,
    CertificateQuery,
    CertificateRecord,
    CertificateStatus,
    Intent,
    IssuedCrl,
    IssuerRecord,
    KeyUses,
    PendingRequest,
    RequestState,
    Revocation,
    RevokedEntry,
    SealedEvent,
)
from emca_daemon.names import IssuerName, KeyName, SerialNumber


class CertificatesReader(Protocol):
    """Questions about serial numbers and certificates."""

    def find(self, issuer: IssuerName, serial: SerialNumber) -> CertificateRecord | None:
        """The record of one serial."""

    def find_by_fingerprint(self, fingerprint: bytes) -> CertificateRecord | None:
        """The record of the certificate with that SHA-256 fingerprint."""

    def find_by_key(self, key_fingerprint: bytes) -> Sequence[CertificateRecord]:
        """Every recorded certificate for that key (at most 100, newest first)."""

    def key_uses(self, key_fingerprint: bytes, requester: str) -> KeyUses:
        """What is known of a key that shall be certified for a requester."""

    def status(self, issuer: IssuerName, serial: SerialNumber) -> CertificateStatus | None:
        """What OCSP answers from; None for a serial never taken."""

    def revoked(self, issuer: IssuerName, not_after: datetime) -> Iterator[RevokedEntry]:
        """Every revoked, held or abandoned serial whose certificate expires at or after `not_after`, by serial."""

    def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        """Matching records, newest first."""

    def open_intents(self, before: datetime) -> Sequence[Intent]:
        """Intents older than that without a certificate."""


class Certificates(CertificatesReader, Protocol):
    """Changes to serial numbers and certificates."""

    def intend(self, intent: Intent) -> None:
        """Take the serial; raises Refused(WRONG_STATE) if it was ever taken for this issuer."""

    def key_rivals(self, intent: Intent) -> KeyUses:
        """Who else has the key of an intent of this transaction, or is about to; who asks next waits for its end."""

    def record(self, issuer: IssuerName, serial: SerialNumber, der: bytes) -> None:
        """Turn the intent into an issued certificate; raises Refused(WRONG_STATE) if there is no open intent."""

    def adopt(self, intent: Intent, der: bytes) -> None:
        """Record a certificate that was signed elsewhere (imports), intent and certificate at once."""

    def abandon(self, issuer: IssuerName, serial: SerialNumber, revocation: Revocation) -> None:
        """Mark an open intent as abandoned and revoked."""

    def revoke(self, issuer: IssuerName, serial: SerialNumber, revocation: Revocation) -> None:
        """Set or replace the revocation of an issued certificate."""

    def release(self, issuer: IssuerName, serial: SerialNumber, at: datetime) -> None:
        """Take the hold away."""

    def block_key(self, key_fingerprint: bytes, now: datetime) -> None:
        """Let nobody use a key any more, for whatever protocol: others may have it. Blocking it again does nothing."""


class IssuersReader(Protocol):
    """Questions about our certificate authorities."""

    def get(self, name: IssuerName) -> IssuerRecord | None:
        """One issuer."""

    def all(self) -> Sequence[IssuerRecord]:
        """Every issuer, oldest first."""

    def version(self) -> int:
        """A number that changes whenever an issuer does, so that other processes notice."""


class Issuers(IssuersReader, Protocol):
    """Changes to our certificate authorities."""

    def add(self, issuer: IssuerRecord) -> None:
        """Keep a new issuer; raises Refused(WRONG_STATE) if the name is taken."""

    def update(self, issuer: IssuerRecord) -> None:
        """Replace the issuer of that name."""


class CrlsReader(Protocol):
    """Questions about published CRLs."""

    def latest(self, issuer: IssuerName) -> IssuedCrl | None:
        """The full CRL with the highest number."""

    def changes(self, issuer: IssuerName) -> int:
        """How many status changes (revoke, release, abandon) the issuer has seen; a CRL is due when it is behind."""

    def history(self, issuer: IssuerName, limit: int) -> Sequence[IssuedCrl]:
        """The newest CRLs, newest first."""


class Crls(CrlsReader, Protocol):
    """Publication of CRLs."""

    def next_number(self, issuer: IssuerName) -> tuple[int, int]:
        """A CRL number higher than every one before, and how many status changes the issuer has seen.

        The issuer's counter row stays locked until the transaction ends. Since every status change (revoke, release,
        abandon) counts itself in that same row in its own transaction, a reading that starts under the lock sees all
        the changes counted so far, whatever the clocks of several hosts say.
        """

    def publish(self, crl: IssuedCrl) -> None:
        """Make it the latest; raises Refused(WRONG_STATE) if its number is not higher than the latest's."""


class AuditReader(Protocol):
    """The audit chain, to be read."""

    def walk(self, start: int = 1) -> Iterator[SealedEvent]:
        """The events as stored, by number."""

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest event as noted apart from the events; (0, 32 zero bytes) when empty."""


class Audit(AuditReader, Protocol):
    """The audit chain, to be extended."""

    def append(self, event: AuditEvent) -> None:
        """Seal the event into the chain (`ca.audit.seal`); locks the head until the transaction ends."""


class PendingReader(Protocol):
    """Questions about requests that wait for a person."""

    def get(self, request_id: str) -> PendingRequest | None:
        """One request."""

    def find(self, protocol: str, reference: str) -> PendingRequest | None:
        """The newest request that a protocol knows by that reference."""

    def list(self, state: RequestState | None, limit: int = 100) -> Sequence[PendingRequest]:
        """Requests, oldest first."""


class PendingRequests(PendingReader, Protocol):
    """Changes to requests that wait for a person."""

    def add(self, request: PendingRequest) -> None:
        """Keep a new one."""

    def update(self, request: PendingRequest, expected: RequestState) -> None:
        """Replace it; raises Refused(WRONG_STATE) unless it is in the expected state."""


class Leases(Protocol):
    """Work that only one process may do at a time."""

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew the lease; False while another holder's has not run out."""

    def give_back(self, name: str, holder: str) -> None:
        """End it early."""

    def end_all(self) -> None:
        """End every lease, whoever holds it: for a start when nobody else can be alive."""


class Reading(Protocol):
    """A transaction that changes nothing."""

    @property
    def certificates(self) -> CertificatesReader:
        """Serial numbers and certificates."""

    @property
    def issuers(self) -> IssuersReader:
        """Our certificate authorities."""

    @property
    def crls(self) -> CrlsReader:
        """Published CRLs."""

    @property
    def audit(self) -> AuditReader:
        """The audit chain."""

    @property
    def pending(self) -> PendingReader:
        """Requests that wait for a person."""


class Writing(Protocol):
    """A transaction that commits when its block ends and rolls back when it raises."""

    @property
    def certificates(self) -> Certificates:
        """Serial numbers and certificates."""

    @property
    def issuers(self) -> Issuers:
        """Our certificate authorities."""

    @property
    def crls(self) -> Crls:
        """Published CRLs."""

    @property
    def audit(self) -> Audit:
        """The audit chain."""

    @property
    def pending(self) -> PendingRequests:
        """Requests that wait for a person."""

    @property
    def leases(self) -> Leases:
        """Work that one process does at a time."""


class ReadingStore(Protocol):
    """A store that can be asked."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction; raises Refused(UNAVAILABLE) when the database cannot be reached."""


class Store(ReadingStore, Protocol):
    """A store that can be asked and told."""

    def writing(self) -> AbstractContextManager[Writing]:
        """Open a write transaction; raises Refused(UNAVAILABLE) when the database cannot be reached."""


class Keys(Protocol):
    """Private keys by name; every key is used through cryptography's own interface, wherever it lives."""

    def get(self, name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        """The key; raises Refused(NOT_FOUND) or Refused(UNAVAILABLE)."""

    def generate(self, name: KeyName, algorithm: str, *, decrypts: bool = False) -> CertificateIssuerPrivateKeyTypes:
        """Make a key: `rsa-2048` ... `rsa-8192`, `p-256`, `p-384`, `p-521`, `ed25519`, `ed448`, `ml-dsa-44/65/87`.

        One that `decrypts` is an RSA key that does so beside signing.
        Raises Refused(WRONG_STATE) if the name is taken and Refused(ALGORITHM_REFUSED) if the signer cannot.
        """

    def import_key(self, name: KeyName, key: CertificateIssuerPrivateKeyTypes) -> None:
        """Take a key in from outside; raises Refused(NOT_PERMITTED) where the signer does not allow it."""

    def list(self) -> Sequence[tuple[KeyName, str]]:
        """Every key with its algorithm."""
