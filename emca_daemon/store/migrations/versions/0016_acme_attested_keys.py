"""ACME: the one key for which an authorization is good."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("acme_authorizations", sa.Column("attested_key", sa.LargeBinary(32)))
