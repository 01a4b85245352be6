"""ACME: delegations, orders that name one, and certificates that everybody may download."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the table and add the columns."""
    op.create_table(
        "acme_delegations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("csr_template", sa.Text(), nullable=False),
        sa.Column("cname_map", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("revoked", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_acme_delegations"),
    )
    op.create_index("ix_acme_delegations_account_id", "acme_delegations", ["account_id"])
    op.add_column("acme_orders", sa.Column("delegation", sa.String(64)))
    op.add_column("acme_orders", sa.Column("open_to_all", sa.Boolean()))
