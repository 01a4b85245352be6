"""The mails of ACME's challenges by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "acme_mails",
        sa.Column("challenge_id", sa.String(64), nullable=False),
        sa.Column("endpoint", sa.String(255), nullable=False),
        sa.Column("due", _MOMENT),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("answered", _MOMENT),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", name="pk_acme_mails"),
    )
    op.create_index("ix_acme_mails_due", "acme_mails", ["endpoint", "due"])
