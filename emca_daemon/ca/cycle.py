"""The issuance cycle from an approval to a recorded certificate (docs/issuance-cycle.md): the same for everybody."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.ca.audit import event_by, refusal_by
from emca_daemon.ca.building import Specimens, build, unpredictable_serial
from emca_daemon.ca.issuing import sign_certificate
from emca_daemon.ca.ports import Keys, Store, Writing
from emca_daemon.ca.records import (
    CertificateRecord,
    CertificateState,
    Intent,
    PendingRequest,
    Revocation,
    RevocationReason,
)
from emca_daemon.clock import Clock
from emca_daemon.errors import Refused
from emca_daemon.names import IssuerName, KeyName, serial_text
from emca_daemon.policy.lint import Linter
from emca_daemon.policy.tokens import Approved, Linted
from emca_daemon.randomness import RandomBytes


class Companion(Protocol):
    """What a protocol writes in the CA's own transactions, so that both are true or neither.

    Each method may raise Refused to stop the cycle there: before the signature, nothing has happened then.
    """

    def intended(self, tx: Writing, intent: Intent) -> None:
        """The serial is about to be signed."""

    def issued(self, tx: Writing, record: CertificateRecord) -> None:
        """The certificate is recorded."""

    def waiting(self, tx: Writing, request: PendingRequest) -> None:
        """The request waits for a person."""

    def abandoned(self, tx: Writing, intent: Intent, refusal: Refused) -> None:
        """The signature failed after `intended`; the serial counts as revoked and nothing will be issued under it."""


class NoCompanion:
    """For requests that keep no rows of their own; also what companions with few rows build on."""

    def intended(self, tx: Writing, intent: Intent) -> None:
        """Write nothing."""

    def issued(self, tx: Writing, record: CertificateRecord) -> None:
        """Write nothing."""

    def waiting(self, tx: Writing, request: PendingRequest) -> None:
        """Write nothing."""

    def abandoned(self, tx: Writing, intent: Intent, refusal: Refused) -> None:
        """Write nothing."""


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs: an issuer's name and subject, and its key by name and by public half."""

    name: IssuerName
    subject: x509.Name
    public_key: CertificateIssuerPublicKeyTypes
    key: KeyName
    pss: bool


class IssuanceCycle:
    """Steps 2 to 8: serial, build, lint, intent, sign, verify, record."""

    def __init__(self, *, store: Store, keys: Keys, linter: Linter, clock: Clock, random: RandomBytes) -> None:
        self._store = store
        self._keys = keys
        self._linter = linter
        self._clock = clock
        self._random = random
        self._specimens = Specimens()

    def prepare(self, approved: Approved, signatory: Signatory) -> Linted:
        """Choose the serial, build the certificate and lint it; raises Refused with every finding.

        Raises Refused(UNAVAILABLE) for a key out of reach: before a serial is taken, an outage leaves nothing behind.
        """
        self._keys.get(signatory.key)
        return self._draft(approved, signatory)

    def rehearse(self, approved: Approved, signatory: Signatory) -> None:
        """Build and lint a certificate for nobody to sign, before a key is made for it; raises Refused."""
        self._draft(approved, signatory)

    def _draft(self, approved: Approved, signatory: Signatory) -> Linted:
        to_be_signed = build(
            approved,
            issuer=signatory.name,
            issuer_subject=signatory.subject,
            issuer_key=signatory.public_key,
            pss=signatory.pss,
            serial=unpredictable_serial(self._random),
            specimens=self._specimens,
        )
        return self._linter.pass_(to_be_signed)

    def carry_out(self, linted: Linted, signatory: Signatory, companion: Companion) -> CertificateRecord:
        """Write the intent, sign, verify, write the certificate.

        What the companion refuses with the intent is audited and leaves nothing else. A signature that fails leaves
        an abandoned serial, audited, and the refusal goes on to the caller. A daemon that dies in between leaves an
        open intent for `ca/recovery.py`.
        """
        intent = intent_of(linted, self._clock())
        try:
            with self._store.writing() as tx:
                tx.certificates.intend(intent)
                companion.intended(tx, intent)
        except Refused as refusal:
            self._note_refusal(linted, intent, refusal)
            raise
        try:
            key = self._keys.get(signatory.key)
            der = sign_certificate(linted, key, signatory.public_key, pss=signatory.pss)
        except Refused as refusal:
            self._abandon(linted, intent, companion, refusal)
            raise
        record = CertificateRecord(intent, CertificateState.ISSUED, der, sha256(der).digest())
        approved = linted.to_be_signed.approved
        with self._store.writing() as tx:
            tx.certificates.record(intent.issuer, intent.serial, der)
            companion.issued(tx, record)
            tx.audit.append(
                event_by(
                    approved.requester,
                    self._clock(),
                    "certificate.issue",
                    f"{intent.issuer}/{serial_text(intent.serial)}",
                    profile=intent.profile,
                    distinguished_name=intent.subject,
                    names=" ".join(map(str, intent.names))[:4096],
                    approver=approved.approver,
                    tbs_sha256=intent.tbs_hash.hex(),
                )
            )
        return record

    def _note_refusal(self, linted: Linted, intent: Intent, refusal: Refused) -> None:
        requester = linted.to_be_signed.approved.requester
        subject = " ".join(map(str, intent.names)) or intent.subject
        with self._store.writing() as tx:
            tx.audit.append(
                refusal_by(
                    requester, self._clock(), "certificate.request", subject[:4096], refusal, profile=intent.profile
                )
            )

    def _abandon(self, linted: Linted, intent: Intent, companion: Companion, refusal: Refused) -> None:
        now = self._clock()
        revocation = Revocation(now.replace(microsecond=0), RevocationReason.UNSPECIFIED)
        requester = linted.to_be_signed.approved.requester
        with self._store.writing() as tx:
            tx.certificates.abandon(intent.issuer, intent.serial, revocation)
            companion.abandoned(tx, intent, refusal)
            tx.audit.append(
                event_by(
                    requester,
                    now,
                    "certificate.issue",
                    f"{intent.issuer}/{serial_text(intent.serial)}",
                    "failed",
                    profile=intent.profile,
                    reason=refusal.reason.value,
                    detail=refusal.detail,
                )
            )


def intent_of(linted: Linted, now: datetime) -> Intent:
    """What is written down before the key is touched."""
    to_be_signed = linted.to_be_signed
    approved = to_be_signed.approved
    return Intent(
        issuer=to_be_signed.issuer,
        serial=to_be_signed.serial,
        profile=approved.profile,
        protocol=approved.requester.protocol,
        application=approved.requester.application,
        requester=approved.requester.identity,
        subject=approved.subject.rfc4514_string(),
        names=approved.names,
        key_fingerprint=approved.key_fingerprint,
        tbs_hash=sha256(to_be_signed.tbs).digest(),
        not_before=approved.not_before,
        not_after=approved.not_after,
        created=now,
    )
