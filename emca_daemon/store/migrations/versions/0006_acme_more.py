"""ACME beyond the first part: external accounts, profiles, replacements, renewal plans, blocked keys, rate limits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_ID = sa.String(64)
_MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Add the columns and create the tables."""
    _columns()
    _bindings()
    _renewals()
    op.create_table(
        "acme_blocked_keys",
        sa.Column("key_fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_fingerprint", name="pk_acme_blocked_keys"),
    )
    op.create_table(
        "acme_buckets",
        sa.Column("subject", _NAME, nullable=False),
        sa.Column("full_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_acme_buckets"),
    )


def _columns() -> None:
    op.add_column("acme_accounts", sa.Column("terms", sa.Text()))
    op.add_column("acme_accounts", sa.Column("binding", _NAME))
    op.add_column("acme_accounts", sa.Column("binding_request", sa.Text()))
    op.add_column("acme_orders", sa.Column("profile", _NAME))
    op.add_column("acme_orders", sa.Column("replaces", _NAME))
    op.add_column("acme_orders", sa.Column("auto_renewal", sa.Text()))
    op.add_column("acme_authorizations", sa.Column("method", sa.String(32)))
    op.add_column("acme_authorizations", sa.Column("proved", _MOMENT))
    op.add_column("acme_authorizations", sa.Column("subdomains", sa.Boolean()))


def _bindings() -> None:
    op.create_table(
        "acme_bindings",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("endpoint", _NAME),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT),
        sa.Column("revoked", _MOMENT),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("most_uses", sa.Integer()),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("proved_names", sa.Text(), nullable=False),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acme_bindings"),
    )


def _renewals() -> None:
    op.create_table(
        "acme_star_orders",
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("csr", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("begins", _MOMENT, nullable=False),
        sa.Column("next_issue", _MOMENT),
        sa.PrimaryKeyConstraint("order_id", name="pk_acme_star_orders"),
    )
    op.create_table(
        "acme_awaited_orders",
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("csr", sa.LargeBinary(), nullable=False),
        sa.Column("due", _MOMENT, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_acme_awaited_orders"),
    )
    op.create_index("ix_acme_awaited_orders_due", "acme_awaited_orders", ["due"])
    op.create_index("ix_acme_star_orders_next_issue", "acme_star_orders", ["next_issue"])
    op.create_index("ix_acme_star_orders_issuer_serial", "acme_star_orders", ["issuer", "serial"])
    op.create_table(
        "acme_replacements",
        sa.Column("certificate", _NAME, nullable=False),
        sa.Column("order_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("certificate", name="pk_acme_replacements"),
    )
    op.create_table(
        "acme_renewal_plans",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("profile", _NAME),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text()),
        sa.Column("begins", _MOMENT, nullable=False),
        sa.Column("ends", _MOMENT, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("cancelled", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_acme_renewal_plans"),
    )
    op.create_index("ix_acme_renewal_plans_issuer", "acme_renewal_plans", ["issuer"])
