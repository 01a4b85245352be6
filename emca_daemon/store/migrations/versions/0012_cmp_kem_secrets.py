"""CMP: secrets encapsulated to clients' certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "cmp_kem_secrets",
        sa.Column("endpoint", sa.String(255), nullable=False),
        sa.Column("id", sa.LargeBinary(128), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "id", name="pk_cmp_kem_secrets"),
    )
    op.create_index("ix_cmp_kem_secrets_credential", "cmp_kem_secrets", ["credential"])
    op.create_index("ix_cmp_kem_secrets_expires", "cmp_kem_secrets", ["expires"])
