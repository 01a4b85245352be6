"""The core: certificates, issuers, CRLs, the audit chain, requests that wait, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_MOMENT = sa.BigInteger()
_HASH = sa.LargeBinary(32)


def upgrade() -> None:
    """Create the tables, and the triggers that keep audit events as they are."""
    _certificates()
    _issuers_and_crls()
    _audit()
    _pending_and_leases()


def _certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("not_after", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("revocation_reason", sa.SmallInteger()),
        sa.Column("invalidity_date", _MOMENT),
        sa.Column("not_before", _MOMENT, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("profile", _NAME, nullable=False),
        sa.Column("protocol", sa.String(32), nullable=False),
        sa.Column("application", _NAME, nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("key_fingerprint", _HASH, nullable=False),
        sa.Column("tbs_hash", _HASH, nullable=False),
        sa.Column("fingerprint", _HASH),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("searchable", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("issuer", "serial", name="pk_certificates"),
    )
    for column in ("created", "not_after", "requester", "key_fingerprint", "fingerprint"):
        op.create_index(f"ix_certificates_{column}", "certificates", [column])
    _partial_index("ix_certificates_open", ["created"], "state = 'intended'")
    listed = ["issuer", "serial", "not_after", "revoked_at", "revocation_reason", "invalidity_date"]
    _partial_index("ix_certificates_revoked", listed, "revoked_at IS NOT NULL")


def _partial_index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "certificates", columns, sqlite_where=where, postgresql_where=where)


def _issuers_and_crls() -> None:
    op.create_table(
        "issuers",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("profile", _NAME, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("parent", _NAME),
        sa.Column("pss", sa.Boolean(), nullable=False),
        sa.Column("csr", sa.LargeBinary()),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_issuers"),
    )
    op.create_table(
        "crl_counters",
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name="pk_crl_counters"),
    )
    op.create_table(
        "crls",
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base_number", sa.BigInteger()),
        sa.Column("this_update", _MOMENT, nullable=False),
        sa.Column("next_update", _MOMENT, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("der", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("issuer", "kind", "number", name="pk_crls"),
    )
    op.create_index("ix_crls_issuer_number", "crls", ["issuer", "number"])


def _audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous", _HASH, nullable=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_events"),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        sa.CheckConstraint("id = 1", name="ck_audit_head_single_row"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": bytes(32)}])
    for statement in _TRIGGERS[op.get_context().dialect.name]:
        op.execute(statement)


_TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events"
            " BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END"
        ),
        (
            "CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events"
            " BEGIN SELECT RAISE(ABORT, 'audit events are never removed'); END"
        ),
        (
            "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head"
            " BEGIN SELECT RAISE(ABORT, 'the audit head is never removed'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION audit_keeps_its_rows() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% on %: the audit chain keeps its rows', TG_OP, TG_TABLE_NAME; END $$"
        ),
        (
            "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps_its_rows()"
        ),
        (
            "CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps_its_rows()"
        ),
    ],
}


def _pending_and_leases() -> None:
    op.create_table(
        "pending_requests",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("protocol", sa.String(32), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("profile", _NAME, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", _MOMENT),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("issuer", _NAME),
        sa.Column("serial", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name="pk_pending_requests"),
    )
    op.create_index("ix_pending_requests_state_created", "pending_requests", ["state", "created"])
    op.create_index("ix_pending_requests_protocol_reference", "pending_requests", ["protocol", "reference"])
    op.create_table(
        "leases",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("taken", _MOMENT, nullable=False),
        sa.Column("runs_out", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
