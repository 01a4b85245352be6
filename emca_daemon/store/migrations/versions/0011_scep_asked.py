"""SCEP's requests that somebody else was asked about."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "scep_asked",
        sa.Column("transaction", sa.String(64), nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("transaction_id", sa.LargeBinary(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("asking", _MOMENT),
        sa.Column("identity", _NAME, nullable=False),
        sa.Column("issuer", _NAME),
        sa.Column("serial", sa.String(40)),
        sa.Column("pending", _NAME, nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("due", _MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("transaction", name="pk_scep_asked"),
    )
    op.create_index("ix_scep_asked_due", "scep_asked", ["due"])
    op.create_index("ix_scep_asked_expires", "scep_asked", ["expires"])
