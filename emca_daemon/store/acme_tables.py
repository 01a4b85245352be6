"""The tables of ACME."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.schema import metadata

_ID = String(64)
_STATUS = String(16)

secrets = Table(
    "acme_secrets",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

nonces = Table(
    "acme_nonces",
    metadata,
    # A nonce begins with its time, so that the primary key alone is the order in which they are forgotten.
    Column("nonce", LargeBinary(32), primary_key=True),
    sqlite_with_rowid=False,
)

accounts = Table(
    "acme_accounts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("status", _STATUS, nullable=False),
    Column("jwk", Text, nullable=False),
    Column("thumbprint", String(43), nullable=False),
    Column("key_fingerprint", LargeBinary(32), nullable=False),
    Column("contacts", Text, nullable=False),
    Column("terms_agreed", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("terms", Text),
    Column("binding", NAME),
    Column("binding_request", Text),
    Column("former_thumbprints", Text),
    UniqueConstraint("endpoint", "thumbprint"),
    Index("ix_acme_accounts_key_fingerprint", "key_fingerprint"),
)

orders = Table(
    "acme_orders",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("account_id", _ID, nullable=False),
    Column("stage", _STATUS, nullable=False),
    Column("names", Text, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("not_before", Moment),
    Column("not_after", Moment),
    Column("error", Text, nullable=False),
    Column("csr_hash", LargeBinary(32), nullable=False),
    Column("issuer", NAME),
    Column("serial", Serial),
    Column("profile", NAME),
    Column("replaces", NAME),
    Column("auto_renewal", Text),
    Column("delegation", _ID),
    Column("open_to_all", Boolean),
    Index("ix_acme_orders_account_id_id", "account_id", "id"),
)

order_authorizations = Table(
    "acme_order_authorizations",
    metadata,
    Column("order_id", _ID, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("authorization_id", _ID, nullable=False),
    sqlite_with_rowid=False,
)

authorizations = Table(
    "acme_authorizations",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("account_id", _ID, nullable=False),
    Column("type", String(32), nullable=False),
    Column("value", Text, nullable=False),
    Column("wildcard", Boolean, nullable=False),
    Column("status", _STATUS, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("method", String(32)),
    Column("proved", Moment),
    Column("subdomains", Boolean),
    Column("attested_key", LargeBinary(32)),
    Index("ix_acme_authorizations_account_id_value", "account_id", "value"),
)

PROCESSING: ColumnElement[str] = literal_column("'processing'")
"""A partial index is used only where its condition is repeated word for word, so this is no bound parameter."""

challenges = Table(
    "acme_challenges",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("authorization_id", _ID, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("type", String(32), nullable=False),
    Column("token", Text, nullable=False),
    Column("status", _STATUS, nullable=False),
    Column("validated", Moment),
    Column("errors", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_attempt", Moment),
    Column("lease_holder", Text, nullable=False),
    Column("lease_until", Moment),
    Index("ix_acme_challenges_authorization_id", "authorization_id"),
)
Index(
    "ix_acme_challenges_due",
    challenges.c.next_attempt,
    sqlite_where=challenges.c.status == PROCESSING,
    postgresql_where=challenges.c.status == PROCESSING,
)

bindings = Table(
    "acme_bindings",
    metadata,
    Column("id", NAME, primary_key=True),
    Column("endpoint", NAME),
    Column("secret", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment),
    Column("revoked", Moment),
    Column("uses", Integer, nullable=False),
    Column("most_uses", Integer),
    Column("names", Text, nullable=False),
    Column("proved_names", Text, nullable=False),
    Column("profiles", Text, nullable=False),
)

replacements = Table(
    "acme_replacements",
    metadata,
    Column("certificate", NAME, primary_key=True),
    Column("order_id", _ID, nullable=False),
)

renewal_plans = Table(
    "acme_renewal_plans",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("issuer", NAME, nullable=False),
    Column("profile", NAME),
    Column("reason", Text, nullable=False),
    Column("explanation", Text),
    Column("begins", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("cancelled", Moment),
    Index("ix_acme_renewal_plans_issuer", "issuer"),
)

star_orders = Table(
    "acme_star_orders",
    metadata,
    Column("order_id", _ID, primary_key=True),
    Column("csr", LargeBinary, nullable=False),
    Column("issuer", NAME, nullable=False),
    Column("serial", Serial, nullable=False),
    Column("begins", Moment, nullable=False),
    Column("next_issue", Moment),
    Index("ix_acme_star_orders_next_issue", "next_issue"),
    Index("ix_acme_star_orders_issuer_serial", "issuer", "serial"),
)

awaited_orders = Table(
    "acme_awaited_orders",
    metadata,
    Column("order_id", _ID, primary_key=True),
    Column("csr", LargeBinary, nullable=False),
    Column("due", Moment, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Index("ix_acme_awaited_orders_due", "due"),
)

mails = Table(
    "acme_mails",
    metadata,
    Column("challenge_id", _ID, primary_key=True),
    Column("endpoint", NAME, nullable=False),
    Column("due", Moment),
    Column("attempts", SmallInteger, nullable=False),
    Column("fault", Text, nullable=False),
    Column("answered", Moment),
    Column("signer", Text, nullable=False),
    Index("ix_acme_mails_due", "endpoint", "due"),
)

delegations = Table(
    "acme_delegations",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", _ID, nullable=False),
    Column("csr_template", Text, nullable=False),
    Column("cname_map", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("revoked", Moment),
    Index("ix_acme_delegations_account_id", "account_id"),
)

buckets = Table(
    "acme_buckets",
    metadata,
    Column("subject", NAME, primary_key=True),
    Column("full_at", BigInteger, nullable=False),  # microseconds, as in Moment; reckoned with in SQL
)
