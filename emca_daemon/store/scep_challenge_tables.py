"""The tables of challenges that were made for somebody, of registered devices, and of uses."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.schema import metadata

scep_challenges = Table(
    "scep_challenges",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("source", String(16), nullable=False),
    Column("device", String(64), nullable=False),
    Column("made_by", NAME, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("revoked", Moment),
    Column("uses", Integer, nullable=False),
    Column("most_uses", Integer, nullable=False),
    Column("subject", Text),
    Column("names", Text),
    Column("note", NAME, nullable=False),
    UniqueConstraint("endpoint", "digest"),
    Index("ix_scep_challenges_device", "device"),
    Index("ix_scep_challenges_expires", "expires"),
)
scep_devices = Table(
    "scep_devices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("manufacturer", NAME, nullable=False),
    Column("model", NAME, nullable=False),
    Column("device_id", NAME, nullable=False),
    Column("made_by", NAME, nullable=False),
    Column("created", Moment, nullable=False),
    Column("note", NAME, nullable=False),
    UniqueConstraint("endpoint", "manufacturer", "model", "device_id"),
)
scep_challenge_uses = Table(
    "scep_challenge_uses",
    metadata,
    Column("challenge", String(64), primary_key=True),
    Column("transaction", String(64), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("issuer", NAME),
    Column("serial", Serial),
    Column("pending", NAME, nullable=False),
)
