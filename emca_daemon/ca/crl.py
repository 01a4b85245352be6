"""Full CRLs: when one is due, what goes in, and its publication."""

from datetime import datetime, timedelta

from emca_daemon.asn1.crl import CrlEntry, encode_tbs_crl
from emca_daemon.asn1.der import assemble
from emca_daemon.ca.audit import event_by
from emca_daemon.ca.authorities import Authorities, Authority
from emca_daemon.ca.ports import Keys, ReadingStore, Store, Writing
from emca_daemon.ca.records import IssuedCrl
from emca_daemon.ca.signatures import algorithm_identifier, sign, verify
from emca_daemon.clock import Clock
from emca_daemon.names import IssuerName
from emca_daemon.policy.facts import Requester

_KEPT_AFTER_EXPIRY = timedelta(days=7)
"""The least time that an expired certificate stays on the list."""


class CrlPublishing:
    """Signs and publishes CRLs; numbers increase strictly whatever crashes and however many processes run."""

    def __init__(self, *, store: Store, authorities: Authorities, keys: Keys, clock: Clock) -> None:
        self._store = store
        self._authorities = authorities
        self._keys = keys
        self._clock = clock
        self._current_at: dict[IssuerName, datetime] = {}

    def due(self, until_next: timedelta = timedelta()) -> tuple[IssuerName, ...]:
        """The issuers whose next CRL must come out now.

        `until_next` is how long until this is asked again: a status change does not wait for that if it would then
        have waited longer than it may.
        """
        now = self._clock()
        known = self._authorities.known()
        with self._store.reading() as tx:
            states = [(one, tx.crls.latest(one.name), tx.crls.changes(one.name)) for one in known]
        return tuple(one.name for one, latest, changes in states if self._is_due(one, latest, changes, now, until_next))

    def _is_due(
        self, authority: Authority, latest: IssuedCrl | None, changes: int, now: datetime, until_next: timedelta
    ) -> bool:
        if latest is None or now >= latest.this_update + authority.publication.crl_every:
            return True
        if latest.changes == changes:
            self._current_at[authority.name] = now
            return False
        # The change came after the last look that found none, at the earliest; a clock that was set back ends the wait
        waited = now - max(latest.this_update, self._current_at.get(authority.name, latest.this_update))
        return not timedelta() <= waited < authority.publication.crl_after_change - until_next

    def publish(self, issuer: IssuerName, requester: Requester) -> IssuedCrl:
        """Sign a new full CRL and make it the latest.

        Number, entries, signature and publication are one transaction: readers see the old list or the new one, and
        no other process can publish in between. Raises Refused(NOT_FOUND) or Refused(UNAVAILABLE).
        """
        authority = self._authorities.find(issuer)
        key = self._keys.get(authority.record.key)
        with self._store.writing() as tx:
            number, changes = tx.crls.next_number(issuer)
            this_update = self._clock().replace(microsecond=0)
            next_update = this_update + authority.publication.crl_valid
            tbs, entries = self._to_be_signed(tx, authority, number, this_update, next_update)
            pss = authority.record.pss
            signature = sign(key, tbs, pss)
            verify(authority.public_key, signature, tbs, pss)
            der = assemble(tbs, algorithm_identifier(authority.public_key, pss), signature)
            crl = IssuedCrl(issuer, number, this_update, next_update, entries, der, changes)
            tx.crls.publish(crl)
            tx.audit.append(event_by(requester, this_update, "crl.publish", f"{issuer}/{number}", entries=entries))
        return crl

    def _to_be_signed(
        self, tx: Writing, authority: Authority, number: int, this_update: datetime, next_update: datetime
    ) -> tuple[bytes, int]:
        # An expired certificate is still on one scheduled CRL at least (RFC 5280 3.3)
        kept = max(_KEPT_AFTER_EXPIRY, authority.publication.crl_valid)
        entries = [
            CrlEntry(entry.serial, entry.revocation.at, entry.revocation.reason.value, entry.revocation.invalidity_date)
            for entry in tx.certificates.revoked(authority.name, this_update - kept)
        ]
        tbs = encode_tbs_crl(
            issuer_name=authority.certificate.subject.public_bytes(),
            algorithm=algorithm_identifier(authority.public_key, authority.record.pss),
            this_update=this_update,
            next_update=next_update,
            entries=entries,
            number=number,
            authority_key_identifier=authority.key_identifier,
        )
        return tbs, len(entries)


class CrlAge:
    """Whether the published CRLs are still good, for readiness checks and metrics."""

    def __init__(self, store: ReadingStore, authorities: Authorities, clock: Clock) -> None:
        self._store = store
        self._authorities = authorities
        self._clock = clock

    def remaining(self) -> dict[str, timedelta]:
        """How long each issuer's latest CRL still holds; negative when it is over or was never made."""
        now = self._clock()
        latest = self._latest().items()
        return {name: crl.next_update - now if crl else timedelta(seconds=-1) for name, crl in latest}

    def ages(self) -> dict[str, float]:
        """Seconds since each issuer's latest CRL came out; issuers without one are left out."""
        now = self._clock()
        return {name: (now - crl.this_update).total_seconds() for name, crl in self._latest().items() if crl}

    def _latest(self) -> dict[str, IssuedCrl | None]:
        known = self._authorities.known()
        with self._store.reading() as tx:
            return {authority.name: tx.crls.latest(authority.name) for authority in known}
