"""CMP: the nonces that a client sent and repeated last."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of transactions under way nothing is known."""
    op.add_column("cmp_transactions", sa.Column("asked_nonce", sa.LargeBinary(128)))
    op.add_column("cmp_transactions", sa.Column("known_nonce", sa.LargeBinary(128)))
