"""ACME: the thumbprints of the keys that an account had before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of key changes before it nothing is known."""
    op.add_column("acme_accounts", sa.Column("former_thumbprints", sa.Text()))
