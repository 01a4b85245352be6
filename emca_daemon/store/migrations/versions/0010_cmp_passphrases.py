"""CMP: revocation passphrases."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "cmp_passphrases",
        sa.Column("endpoint", sa.String(255), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("identifier", sa.LargeBinary(128), nullable=False),
        sa.Column("passphrase", sa.LargeBinary(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "holder", name="pk_cmp_passphrases"),
        sa.UniqueConstraint("endpoint", "identifier", name="uq_cmp_passphrases_identifier"),
    )
