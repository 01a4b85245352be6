"""Revocation, hold and release (RFC 5280 5.3.1, 5.3.2)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from emca_daemon.ca.audit import event_by, refusal_by
from emca_daemon.ca.ports import Store, Writing
from emca_daemon.ca.records import CertificateRecord, CertificateState, IssuerState, Revocation, RevocationReason
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber, serial_text
from emca_daemon.policy.facts import Requester

_NEVER_GIVEN = {
    RevocationReason.REMOVE_FROM_CRL: "removeFromCRL is for delta CRLs; release the certificate instead",
}


KEY_IS_KNOWN = frozenset({RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE})
"""Reasons that say that others may have the key."""


class Revoking:
    """Ends certificates, for a while or for good."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def revoke(
        self,
        issuer: IssuerName,
        serial: SerialNumber,
        reason: RevocationReason,
        requester: Requester,
        invalidity_date: datetime | None = None,
        also: Callable[[Writing], None] = lambda _: None,
        *,
        key_proved: bool = False,
    ) -> Revocation:
        """Revoke, or put on hold with CERTIFICATE_HOLD.

        A certificate on hold may be revoked for good; a revoked one may only be corrected from another reason to
        keyCompromise, keeping its date (BR 4.9.1: what is known to be worse must be said). `also` writes in the same
        transaction. With `key_proved` whoever asks holds the key, or answers for this CA: if they say that the key is
        compromised, nobody gets a certificate for it any more. When the certificate is that of a CA of ours, the CA
        ends with it and issues nothing any more; such a one cannot be put on hold.
        Raises Refused(UNKNOWN_CERTIFICATE), Refused(ALREADY_REVOKED), Refused(WRONG_STATE) or Refused(MALFORMED);
        refusals are audited.
        """
        now = self._clock()
        try:
            with self._store.writing() as tx:
                record = _issued(tx, issuer, serial)
                revocation = _next_revocation(record, reason, invalidity_date, now)
                tx.certificates.revoke(issuer, serial, revocation)
                _end_authority(tx, record, reason, requester, now)
                if key_proved and reason in KEY_IS_KNOWN:
                    tx.certificates.block_key(record.intent.key_fingerprint, now)
                also(tx)
                action = "certificate.hold" if reason is RevocationReason.CERTIFICATE_HOLD else "certificate.revoke"
                invalid_since = invalidity_date.isoformat() if invalidity_date else None
                tx.audit.append(
                    event_by(
                        requester,
                        now,
                        action,
                        _subject(issuer, serial),
                        reason=reason.name.lower(),
                        invalidity_date=invalid_since,
                    )
                )
        except Refused as refusal:
            self._note_refusal(requester, now, "certificate.revoke", _subject(issuer, serial), refusal)
            raise
        return revocation

    def release(self, issuer: IssuerName, serial: SerialNumber, requester: Requester) -> None:
        """End a hold: the certificate is good again and leaves the next CRL; raises Refused(WRONG_STATE) if not."""
        now = self._clock()
        try:
            with self._store.writing() as tx:
                record = _issued(tx, issuer, serial)
                if not record.revocation or record.revocation.reason is not RevocationReason.CERTIFICATE_HOLD:
                    raise Refused(Reason.WRONG_STATE, "the certificate is not on hold")
                tx.certificates.release(issuer, serial, now)
                tx.audit.append(event_by(requester, now, "certificate.release", _subject(issuer, serial)))
        except Refused as refusal:
            self._note_refusal(requester, now, "certificate.release", _subject(issuer, serial), refusal)
            raise

    def _note_refusal(self, requester: Requester, now: datetime, action: str, subject: str, refusal: Refused) -> None:
        with self._store.writing() as tx:
            tx.audit.append(refusal_by(requester, now, action, subject, refusal))


def _subject(issuer: IssuerName, serial: SerialNumber) -> str:
    return f"{issuer}/{serial_text(serial)}"


def _issued(tx: Writing, issuer: IssuerName, serial: SerialNumber) -> CertificateRecord:
    record = tx.certificates.find(issuer, serial)
    if record is None or record.state is not CertificateState.ISSUED:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, f"{issuer} has issued no certificate {serial_text(serial)}")
    return record


def _end_authority(
    tx: Writing, record: CertificateRecord, reason: RevocationReason, requester: Requester, now: datetime
) -> None:
    """If the certificate is the one that a CA of ours signs under, mark the CA as revoked."""
    for issuer in tx.issuers.all():
        if issuer.state is IssuerState.ACTIVE and issuer.chain[0] == record.der:
            if reason is RevocationReason.CERTIFICATE_HOLD:
                raise Refused(
                    Reason.WRONG_STATE, f"it is the certificate of the CA `{issuer.name}`: no hold, revoke it"
                )
            tx.issuers.update(replace(issuer, state=IssuerState.REVOKED))
            tx.audit.append(event_by(requester, now, "issuer.revoke", issuer.name, reason=reason.name.lower()))


def _next_revocation(
    record: CertificateRecord, reason: RevocationReason, invalidity_date: datetime | None, now: datetime
) -> Revocation:
    if reason in _NEVER_GIVEN:
        raise Refused(Reason.MALFORMED, _NEVER_GIVEN[reason])
    if invalidity_date is not None and invalidity_date > now + timedelta(minutes=5):
        raise Refused(Reason.MALFORMED, "the invalidity date lies in the future")
    at = now.replace(microsecond=0)
    before = record.revocation
    if before is None or (before.reason is RevocationReason.CERTIFICATE_HOLD and reason is not before.reason):
        return Revocation(at, reason, invalidity_date)
    worse = reason is RevocationReason.KEY_COMPROMISE and before.reason is not RevocationReason.KEY_COMPROMISE
    if not worse:
        raise Refused(Reason.ALREADY_REVOKED, f"it was revoked at {before.at:%Y-%m-%d %H:%M:%S} UTC")
    return Revocation(before.at, reason, invalidity_date or before.invalidity_date)
