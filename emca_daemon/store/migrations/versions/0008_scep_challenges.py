"""Challenges of SCEP that were made for somebody, registered devices, and uses."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_ID = sa.String(64)
_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the tables."""
    _challenges()
    _devices()


def _challenges() -> None:
    op.create_table(
        "scep_challenges",
        sa.Column("id", _ID, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("device", _ID, nullable=False),
        sa.Column("made_by", _NAME, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("revoked", _MOMENT),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("names", sa.Text()),
        sa.Column("note", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scep_challenges"),
        sa.UniqueConstraint("endpoint", "digest", name="uq_scep_challenges_endpoint_digest"),
    )
    op.create_index("ix_scep_challenges_device", "scep_challenges", ["device"])
    op.create_index("ix_scep_challenges_expires", "scep_challenges", ["expires"])
    op.create_table(
        "scep_challenge_uses",
        sa.Column("challenge", _ID, nullable=False),
        sa.Column("transaction", _ID, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("issuer", _NAME),
        sa.Column("serial", sa.String(40)),
        sa.Column("pending", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("challenge", "transaction", name="pk_scep_challenge_uses"),
    )


def _devices() -> None:
    op.create_table(
        "scep_devices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("manufacturer", _NAME, nullable=False),
        sa.Column("model", _NAME, nullable=False),
        sa.Column("device_id", _NAME, nullable=False),
        sa.Column("made_by", _NAME, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("note", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scep_devices"),
        sa.UniqueConstraint(
            "endpoint",
            "manufacturer",
            "model",
            "device_id",
            name="uq_scep_devices_endpoint_manufacturer_model_device_id",
        ),
    )
