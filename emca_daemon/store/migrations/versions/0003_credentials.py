"""Users with their passwords, counts of attempts, used Digest nonces, and the secrets behind them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "credentials",
        sa.Column("realm", _NAME, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("ha1_sha256", sa.String(64), nullable=False),
        sa.Column("ha1_md5", sa.String(32), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", _MOMENT),
        sa.PrimaryKeyConstraint("realm", "name", name="pk_credentials"),
    )
    op.create_table(
        "attempt_counts",
        sa.Column("subject", _NAME, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_attempt_counts"),
    )
    op.create_table(
        "digest_nonces",
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_digest_nonces"),
    )
    op.create_table(
        "credential_secrets",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_credential_secrets"),
    )
