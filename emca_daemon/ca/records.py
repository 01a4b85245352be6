"""What the CA writes down: plain values that the store keeps as rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from emca_daemon.names import AlternativeName, IssuerName, KeyName, ProfileName, SerialNumber

AuditValue = str | int | bool | None
"""What an audit detail may be: kept flat, so that its canonical form is obvious."""


class RevocationReason(Enum):
    """CRLReason (RFC 5280 5.3.1), by its number."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10


class CertificateState(Enum):
    """Where a serial number stands in the issuance cycle."""

    INTENDED = "intended"
    """The serial is taken and a signature may exist, but no certificate was recorded."""
    ISSUED = "issued"
    ABANDONED = "abandoned"
    """The daemon died between intent and record: the serial counts as revoked."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a certificate is revoked or on hold; times aware and in UTC, whole seconds."""

    at: datetime
    reason: RevocationReason
    invalidity_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be signed, written before the key is touched.

    `tbs_hash` is SHA-256 over the to-be-signed certificate; `requester` the identity that asked, `protocol` and
    `application` through what; `key_fingerprint` SHA-256 over the SubjectPublicKeyInfo.
    """

    issuer: IssuerName
    serial: SerialNumber
    profile: ProfileName
    protocol: str
    application: str
    requester: str
    subject: str
    names: tuple[AlternativeName, ...]
    key_fingerprint: bytes
    tbs_hash: bytes
    not_before: datetime
    not_after: datetime
    created: datetime


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A serial number and all that is known of it; `der` is None until the certificate is recorded."""

    intent: Intent
    state: CertificateState
    der: bytes | None
    fingerprint: bytes | None
    """SHA-256 over `der`."""
    revocation: Revocation | None = None


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What OCSP needs of a serial, and no more."""

    state: CertificateState
    not_after: datetime
    revocation: Revocation | None


@dataclass(frozen=True, slots=True)
class KeyUses:
    """How many certificates hold a key, how many of those others asked for, and whether it is known to others."""

    certificates: int
    of_others: int
    blocked: bool


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One line of a CRL."""

    serial: SerialNumber
    revocation: Revocation


@dataclass(frozen=True, slots=True)
class CertificateQuery:
    """A search; every given field must match. `text` is found in subject, names or serial (case-insensitive)."""

    issuer: IssuerName | None = None
    profile: ProfileName | None = None
    text: str | None = None
    requester: str | None = None
    status: str | None = None
    """`valid`, `expired`, `revoked`, `held` or `abandoned`."""
    expires_before: datetime | None = None
    limit: int = 100
    offset: int = 0


class IssuerState(Enum):
    """Whether an issuer can sign."""

    WAITING = "waiting"
    """Its CSR is out; the certificate has not been brought in."""
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class IssuerRecord:
    """A certificate authority of ours.

    `chain` runs from this issuer's certificate to the root (its own certificate first; empty while WAITING); `pss`
    says that an RSA key signs with PSS; `parent` is the issuer of ours that signed it, None for roots and external
    parents; `subject` is RFC 4514 text.
    """

    name: IssuerName
    key: KeyName
    subject: str
    profile: ProfileName
    state: IssuerState
    chain: tuple[bytes, ...]
    created: datetime
    parent: IssuerName | None = None
    pss: bool = False
    csr: bytes | None = None


@dataclass(frozen=True, slots=True)
class IssuedCrl:
    """A signed CRL as it was published.

    `number` is its CRLNumber, `base_number` set for a delta CRL; `changes` counts the issuer's status changes that it
    covers.
    """

    issuer: IssuerName
    number: int
    this_update: datetime
    next_update: datetime
    entries: int
    der: bytes
    changes: int
    base_number: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened: who, how proved, from where, in which request, what, to what, and how it ended.

    `action` is dotted (`certificate.issue`, `certificate.revoke`, `crl.publish`, `account.create`); `outcome` is
    `success`, `refused`, `pending` or `failed`.
    """

    at: datetime
    actor: str
    proof: str
    origin: str
    request_id: str
    action: str
    subject: str
    outcome: str
    details: Mapping[str, AuditValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An audit event in its place in the chain: `hash` covers the event, its number and `previous`."""

    number: int
    event: AuditEvent
    previous: bytes
    hash: bytes


class RequestState(Enum):
    """Where a request that waits for a person stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    ISSUED = "issued"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request that waits for a person, with all that is needed to issue later.

    `facts` is the encoded request (see `ca/pending.py`); `reference` is what the protocol finds it by (for ACME the
    order's id); `decided_by` and `note` say who approved or rejected, and why; `serial` is set once issued.
    """

    id: str
    created: datetime
    protocol: str
    reference: str
    requester: str
    profile: ProfileName
    summary: str
    facts: bytes
    state: RequestState
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    issuer: IssuerName | None = None
    serial: SerialNumber | None = None
