"""CMP: challenges that wait for their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("cmp_transactions", sa.Column("challenge_witness", sa.LargeBinary(32)))
    op.add_column("cmp_transactions", sa.Column("challenge_request", sa.LargeBinary()))
    op.add_column("cmp_transactions", sa.Column("challenge_label", sa.String(255)))
