"""The table of certificates, and its rows as records."""

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Column, Index, LargeBinary, SmallInteger, String, Table, Text, text

from emca_daemon.ca.records import CertificateRecord, CertificateState, Intent, Revocation, RevocationReason
from emca_daemon.names import AlternativeName, NameType, serial_text
from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Row

certificates = Table(
    "certificates",
    metadata,
    # What OCSP and CRLs read stands in front, the long columns behind: SQLite reads a row from its start.
    Column("issuer", NAME, primary_key=True),
    Column("serial", Serial, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("revocation_reason", SmallInteger),
    Column("invalidity_date", Moment),
    Column("not_before", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("profile", NAME, nullable=False),
    Column("protocol", String(32), nullable=False),
    Column("application", NAME, nullable=False),
    Column("requester", Text, nullable=False),
    Column("key_fingerprint", LargeBinary(32), nullable=False),
    Column("tbs_hash", LargeBinary(32), nullable=False),
    Column("fingerprint", LargeBinary(32)),
    Column("subject", Text, nullable=False),
    # [[type, value], ...] as JSON
    Column("names", Text, nullable=False),
    # Subject, names and serial in lower case, one a line: the same search on both databases, beyond ASCII too.
    Column("searchable", Text, nullable=False),
    Column("der", LargeBinary),
    Index("ix_certificates_created", "created"),
    Index("ix_certificates_not_after", "not_after"),
    Index("ix_certificates_requester", "requester"),
    Index("ix_certificates_key_fingerprint", "key_fingerprint"),
    Index("ix_certificates_fingerprint", "fingerprint"),
    # The newest of a profile: signers' certificates, which a few among millions are, are asked for all the time.
    Index("ix_certificates_issuer_profile_created", "issuer", "profile", "created"),
    Index(
        "ix_certificates_open",
        "created",
        sqlite_where=text("state = 'intended'"),
        postgresql_where=text("state = 'intended'"),
    ),
    # All that a CRL needs, so that making one reads no other page; only revoked rows are in it.
    Index(
        "ix_certificates_revoked",
        "issuer",
        "serial",
        "not_after",
        "revoked_at",
        "revocation_reason",
        "invalidity_date",
        sqlite_where=text("revoked_at IS NOT NULL"),
        postgresql_where=text("revoked_at IS NOT NULL"),
    ),
)


def intent_values(intent: Intent) -> dict[str, object]:
    """The row of an intent."""
    return {
        "issuer": intent.issuer,
        "serial": intent.serial,
        "state": CertificateState.INTENDED.value,
        "not_after": intent.not_after,
        "not_before": intent.not_before,
        "created": intent.created,
        "profile": intent.profile,
        "protocol": intent.protocol,
        "application": intent.application,
        "requester": intent.requester,
        "key_fingerprint": intent.key_fingerprint,
        "tbs_hash": intent.tbs_hash,
        "subject": intent.subject,
        "names": _names_text(intent.names),
        "searchable": _searchable(intent),
    }


def der_values(der: bytes) -> dict[str, object]:
    """The columns that a certificate adds."""
    return {"der": der, "fingerprint": sha256(der).digest()}


def record_of(row: Row) -> CertificateRecord:
    """A whole row as a record."""
    return CertificateRecord(
        intent=intent_of(row),
        state=CertificateState(row.state),
        der=row.der,
        fingerprint=row.fingerprint,
        revocation=revocation_of(row.revoked_at, row.revocation_reason, row.invalidity_date),
    )


def intent_of(row: Row) -> Intent:
    """A whole row as the intent that it began as."""
    return Intent(
        issuer=row.issuer,
        serial=row.serial,
        profile=row.profile,
        protocol=row.protocol,
        application=row.application,
        requester=row.requester,
        subject=row.subject,
        names=tuple(AlternativeName(NameType(kind), value) for kind, value in json.loads(row.names)),
        key_fingerprint=row.key_fingerprint,
        tbs_hash=row.tbs_hash,
        not_before=row.not_before,
        not_after=row.not_after,
        created=row.created,
    )


def revocation_of(at: datetime | None, reason: int | None, invalidity_date: datetime | None) -> Revocation | None:
    """The three columns of a revocation as one value."""
    if at is None:
        return None
    return Revocation(at, RevocationReason(reason), invalidity_date)


def _names_text(names: Iterable[AlternativeName]) -> str:
    return json.dumps([[name.type.value, name.value] for name in names], separators=(",", ":"))


def _searchable(intent: Intent) -> str:
    lines = [intent.subject, *(name.value for name in intent.names), serial_text(intent.serial)]
    return "\n".join(lines).lower()
