"""CMP: by what a message that comes again is known."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("cmp_transactions", sa.Column("digest", sa.LargeBinary(32)))
