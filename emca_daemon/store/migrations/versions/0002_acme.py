"""The tables of ACME: accounts, orders, authorizations, challenges, used nonces and shared secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_ID = sa.String(64)
_STATUS = sa.String(16)
_MOMENT = sa.BigInteger()
_HASH = sa.LargeBinary(32)


def upgrade() -> None:
    """Create the tables."""
    _nonces()
    _accounts()
    _orders()
    _authorizations()


def _nonces() -> None:
    op.create_table(
        "acme_secrets",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_acme_secrets"),
    )
    op.create_table(
        "acme_nonces",
        sa.Column("nonce", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_acme_nonces"),
        sqlite_with_rowid=False,
    )


def _accounts() -> None:
    op.create_table(
        "acme_accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("status", _STATUS, nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("thumbprint", sa.String(43), nullable=False),
        sa.Column("key_fingerprint", _HASH, nullable=False),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.Column("terms_agreed", sa.Boolean(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acme_accounts"),
        sa.UniqueConstraint("endpoint", "thumbprint", name="uq_acme_accounts_endpoint_thumbprint"),
    )
    op.create_index("ix_acme_accounts_key_fingerprint", "acme_accounts", ["key_fingerprint"])


def _orders() -> None:
    op.create_table(
        "acme_orders",
        sa.Column("id", _ID, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("stage", _STATUS, nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("not_before", _MOMENT),
        sa.Column("not_after", _MOMENT),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("csr_hash", _HASH, nullable=False),
        sa.Column("issuer", _NAME),
        sa.Column("serial", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name="pk_acme_orders"),
    )
    op.create_index("ix_acme_orders_account_id_id", "acme_orders", ["account_id", "id"])
    op.create_table(
        "acme_order_authorizations",
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("authorization_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("order_id", "position", name="pk_acme_order_authorizations"),
        sqlite_with_rowid=False,
    )


def _authorizations() -> None:
    op.create_table(
        "acme_authorizations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("wildcard", sa.Boolean(), nullable=False),
        sa.Column("status", _STATUS, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acme_authorizations"),
    )
    op.create_index("ix_acme_authorizations_account_id_value", "acme_authorizations", ["account_id", "value"])
    op.create_table(
        "acme_challenges",
        sa.Column("id", _ID, nullable=False),
        sa.Column("authorization_id", _ID, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("status", _STATUS, nullable=False),
        sa.Column("validated", _MOMENT),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_attempt", _MOMENT),
        sa.Column("lease_holder", sa.Text(), nullable=False),
        sa.Column("lease_until", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_acme_challenges"),
    )
    op.create_index("ix_acme_challenges_authorization_id", "acme_challenges", ["authorization_id"])
    processing = sa.text("status = 'processing'")
    op.create_index(
        "ix_acme_challenges_due",
        "acme_challenges",
        ["next_attempt"],
        sqlite_where=processing,
        postgresql_where=processing,
    )
