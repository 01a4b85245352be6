"""The transactions of SCEP."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_ID = sa.String(64)
_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "scep_transactions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("group_id", _ID, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("signer_key", sa.LargeBinary(32), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("pending", _NAME, nullable=False),
        sa.Column("issuer", _NAME),
        sa.Column("serial", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name="pk_scep_transactions"),
    )
    op.create_index("ix_scep_transactions_group_id_created", "scep_transactions", ["group_id", "created"])
    op.create_index("ix_scep_transactions_expires", "scep_transactions", ["expires"])
