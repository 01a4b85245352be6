"""Serial numbers and certificates: one row from intent to revocation."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, Connection, and_, bindparam, case, func, literal_column, not_, select, update

from emca_daemon.ca.records import (
    CertificateQuery,
    CertificateRecord,
    CertificateState,
    CertificateStatus,
    Intent,
    KeyUses,
    Revocation,
    RevocationReason,
    RevokedEntry,
)
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber, serial_text
from emca_daemon.store.blocked_keys import BLOCK, IS_BLOCKED
from emca_daemon.store.certificate_rows import (
    certificates,
    der_values,
    intent_of,
    intent_values,
    record_of,
    revocation_of,
)
from emca_daemon.store.certificate_search import search_statement
from emca_daemon.store.crls import count_change
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.statements import Statement

_PAGE = 5_000
"""Rows of the revoked list that are in memory at a time."""

_c = certificates.c
_THIS_ONE = and_(_c.issuer == bindparam("b_issuer"), _c.serial == bindparam("b_serial"))
_RECORDED = _c.state == literal_column("'issued'")
# Partial indexes are used only where the query repeats their condition word for word, so it is no bound parameter.
_OPEN = _c.state == literal_column("'intended'")

_THE_ONE = select(certificates).where(_THIS_ONE)
_FIND, _FIND_AND_LOCK = Statement(_THE_ONE), Statement(_THE_ONE.with_for_update())
_FIND_BY_FINGERPRINT = Statement(
    select(certificates).where(_c.fingerprint == bindparam("fingerprint")).limit(literal_column("1"))
)
_FIND_BY_KEY = Statement(
    select(certificates)
    .where(_c.key_fingerprint == bindparam("key_fingerprint"), _RECORDED)
    .order_by(_c.created.desc(), _c.serial)
    .limit(literal_column("100"))
)
_KEY_USES = Statement(
    select(
        func.count(),
        func.coalesce(func.sum(case((_c.requester != bindparam("requester"), 1), else_=0)), 0),
        IS_BLOCKED,
    ).where(_c.key_fingerprint == bindparam("key_fingerprint"), _RECORDED)
)
_KEY_RIVALS = Statement(
    select(
        func.count(),
        func.coalesce(func.sum(case((_c.requester != bindparam("requester"), 1), else_=0)), 0),
        IS_BLOCKED,
    ).where(
        _c.key_fingerprint == bindparam("key_fingerprint"), _c.state != literal_column("'abandoned'"), not_(_THIS_ONE)
    )
)
_ALONE_WITH_KEY = select(func.pg_advisory_xact_lock(bindparam("key")))
_STATUS = Statement(
    select(_c.state, _c.not_after, _c.revoked_at, _c.revocation_reason, _c.invalidity_date).where(_THIS_ONE)
)
_REVOKED = (
    select(_c.serial, _c.revoked_at, _c.revocation_reason, _c.invalidity_date)
    .where(
        _c.issuer == bindparam("issuer"),
        _c.revoked_at.is_not(None),
        _c.not_after >= bindparam("not_after"),
        _c.serial > bindparam("behind"),
    )
    .order_by(_c.serial)
    .limit(_PAGE)
)
_OPEN_INTENTS = select(certificates).where(_OPEN, _c.created < bindparam("before")).order_by(_c.created, _c.serial)

_INSERT = InsertNew(certificates)
_RECORD = Statement(
    update(certificates)
    .where(_THIS_ONE, _OPEN)
    .values(state="issued", der=bindparam("der"), fingerprint=bindparam("fingerprint"))
)
_REVOCATION: dict[str, BindParameter[object]] = {
    "revoked_at": bindparam("at"),
    "revocation_reason": bindparam("reason"),
    "invalidity_date": bindparam("invalid_since"),
}
_ABANDON = Statement(update(certificates).where(_THIS_ONE, _OPEN).values(state="abandoned", **_REVOCATION))
_REVOKE = Statement(update(certificates).where(_THIS_ONE, _RECORDED).values(_REVOCATION))
_RELEASE = Statement(
    update(certificates)
    .where(_THIS_ONE, _RECORDED, _c.revocation_reason == RevocationReason.CERTIFICATE_HOLD.value)
    .values(revoked_at=None, revocation_reason=None, invalidity_date=None)
)


class CertificateRows:
    """Fulfils `ca.ports.CertificatesReader`."""

    __slots__ = ("_clock", "_connection")

    _find = _FIND

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def find(self, issuer: IssuerName, serial: SerialNumber) -> CertificateRecord | None:
        """The record of one serial; in a transaction for changes the row stays locked."""
        row = self._find.first(self._connection, {"b_issuer": issuer, "b_serial": serial})
        return record_of(row) if row else None

    def find_by_fingerprint(self, fingerprint: bytes) -> CertificateRecord | None:
        """The record of the certificate with that SHA-256 fingerprint."""
        row = _FIND_BY_FINGERPRINT.first(self._connection, {"fingerprint": fingerprint})
        return record_of(row) if row else None

    def find_by_key(self, key_fingerprint: bytes) -> Sequence[CertificateRecord]:
        """Every recorded certificate for that key (at most 100, newest first)."""
        rows = _FIND_BY_KEY.all(self._connection, {"key_fingerprint": key_fingerprint})
        return [record_of(row) for row in rows]

    def key_uses(self, key_fingerprint: bytes, requester: str) -> KeyUses:
        """What is known of a key that shall be certified for a requester."""
        given = {"key_fingerprint": key_fingerprint, "requester": requester}
        total, others, blocked = _KEY_USES.one(self._connection, given)
        return KeyUses(int(total), int(others), bool(blocked))

    def status(self, issuer: IssuerName, serial: SerialNumber) -> CertificateStatus | None:
        """What OCSP answers from; None for a serial never taken."""
        row = _STATUS.first(self._connection, {"b_issuer": issuer, "b_serial": serial})
        if row is None:
            return None
        state, not_after, at, reason, invalidity_date = row
        return CertificateStatus(CertificateState(state), not_after, revocation_of(at, reason, invalidity_date))

    def revoked(self, issuer: IssuerName, not_after: datetime) -> Iterator[RevokedEntry]:
        """Every revoked, held or abandoned serial whose certificate expires at or after `not_after`, by serial."""
        behind = SerialNumber(0)
        while True:
            given = {"issuer": issuer, "not_after": not_after, "behind": behind}
            rows = self._connection.execute(_REVOKED, given).all()
            for serial, at, reason, invalidity_date in rows:
                yield RevokedEntry(serial, Revocation(at, RevocationReason(reason), invalidity_date))
            if len(rows) < _PAGE:
                return
            behind = rows[-1].serial

    def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        """Matching records, newest first; raises Refused(MALFORMED) for a status that does not exist."""
        return [record_of(row) for row in self._connection.execute(search_statement(query, self._clock()))]

    def open_intents(self, before: datetime) -> Sequence[Intent]:
        """Intents older than that without a certificate, oldest first."""
        return [intent_of(row) for row in self._connection.execute(_OPEN_INTENTS, {"before": before})]


class CertificateWriter(CertificateRows):
    """Fulfils `ca.ports.Certificates`."""

    __slots__ = ()

    # What is found for a change must not change meanwhile (two revocations at once); SQLite has one writer anyway.
    _find = _FIND_AND_LOCK

    def intend(self, intent: Intent) -> None:
        """Take the serial; raises Refused(WRONG_STATE) if it was ever taken for this issuer."""
        self._insert(intent, intent_values(intent))

    def key_rivals(self, intent: Intent) -> KeyUses:
        """Who else has its key, or is about to; nobody else gets an answer about that key before this one is done."""
        if self._connection.dialect.name == "postgresql":  # SQLite has one writer anyway
            self._connection.execute(_ALONE_WITH_KEY, {"key": int.from_bytes(intent.key_fingerprint[:8], signed=True)})
        given = {
            "key_fingerprint": intent.key_fingerprint,
            "requester": intent.requester,
            "b_issuer": intent.issuer,
            "b_serial": intent.serial,
        }
        total, others, blocked = _KEY_RIVALS.one(self._connection, given)
        return KeyUses(int(total), int(others), bool(blocked))

    def adopt(self, intent: Intent, der: bytes) -> None:
        """Record a certificate that was signed elsewhere, intent and certificate at once; refuses as `intend`."""
        self._insert(intent, {**intent_values(intent), **der_values(der), "state": CertificateState.ISSUED.value})

    def record(self, issuer: IssuerName, serial: SerialNumber, der: bytes) -> None:
        """Turn the intent into an issued certificate; raises Refused(WRONG_STATE) if there is no open intent."""
        given = {"b_issuer": issuer, "b_serial": serial, **der_values(der)}
        if _RECORD.run(self._connection, given) != 1:
            raise _wrong_state(issuer, serial, "is not waiting for its certificate")

    def abandon(self, issuer: IssuerName, serial: SerialNumber, revocation: Revocation) -> None:
        """Mark an open intent as abandoned and revoked; raises Refused(WRONG_STATE) if there is none."""
        given = {"b_issuer": issuer, "b_serial": serial, **_revocation_values(revocation)}
        if _ABANDON.run(self._connection, given) != 1:
            raise _wrong_state(issuer, serial, "is not waiting for its certificate")
        count_change(self._connection, issuer)

    def revoke(self, issuer: IssuerName, serial: SerialNumber, revocation: Revocation) -> None:
        """Set or replace the revocation of an issued certificate; raises Refused(WRONG_STATE) if there is none."""
        given = {"b_issuer": issuer, "b_serial": serial, **_revocation_values(revocation)}
        if _REVOKE.run(self._connection, given) != 1:
            raise _wrong_state(issuer, serial, "belongs to no issued certificate")
        count_change(self._connection, issuer)

    def release(self, issuer: IssuerName, serial: SerialNumber, at: datetime) -> None:  # noqa: ARG002
        """Take the hold away; raises Refused(WRONG_STATE) if the certificate is not on hold.

        `at` is for delta CRLs, which list releases; a full CRL simply no longer has the serial.
        """
        if _RELEASE.run(self._connection, {"b_issuer": issuer, "b_serial": serial}) != 1:
            raise _wrong_state(issuer, serial, "is not on hold")
        count_change(self._connection, issuer)

    def block_key(self, key_fingerprint: bytes, now: datetime) -> None:
        """Let nobody use a key any more, for whatever protocol: others may have it."""
        BLOCK.run(self._connection, {"key_fingerprint": key_fingerprint, "created": now})

    def _insert(self, intent: Intent, values: dict[str, object]) -> None:
        if not 0 < intent.serial < 1 << 160:
            raise Refused(Reason.MALFORMED, "a serial number is positive and has at most 20 octets")
        if not _INSERT.run(self._connection, values):
            raise _wrong_state(intent.issuer, intent.serial, "is taken")


def _revocation_values(revocation: Revocation) -> dict[str, object]:
    return {
        "at": revocation.at,
        "reason": revocation.reason.value,
        "invalid_since": revocation.invalidity_date,
    }


def _wrong_state(issuer: IssuerName, serial: SerialNumber, what: str) -> Refused:
    return Refused(Reason.WRONG_STATE, f"{issuer}: serial {serial_text(serial)} {what}")
