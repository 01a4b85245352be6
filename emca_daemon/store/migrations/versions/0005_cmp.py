"""CMP's transactions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "cmp_transactions",
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("id", sa.LargeBinary(128), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("protection", sa.String(64), nullable=False),
        sa.Column("request", sa.SmallInteger(), nullable=False),
        sa.Column("request_id", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("nonce", sa.LargeBinary(128), nullable=False),
        sa.Column("implicit", sa.Boolean(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("pending", _NAME, nullable=False),
        sa.Column("issuer", _NAME),
        sa.Column("serial", sa.String(40)),
        sa.Column("signer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("endpoint", "id", name="pk_cmp_transactions"),
    )
    op.create_index("ix_cmp_transactions_expires", "cmp_transactions", ["expires"])
    op.create_index("ix_cmp_transactions_credential", "cmp_transactions", ["credential"])
