"""Keys that nobody may use any more, since others may have them."""

from sqlalchemy import Column, LargeBinary, Table, bindparam, exists

from emca_daemon.store.columns import Moment
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata

blocked_keys = Table(
    # It is called after the protocol that had it first
    "acme_blocked_keys",
    metadata,
    Column("key_fingerprint", LargeBinary(32), primary_key=True),
    Column("created", Moment, nullable=False),
)

IS_BLOCKED = exists().where(blocked_keys.c.key_fingerprint == bindparam("key_fingerprint"))
"""Whether the key whose fingerprint is bound as `key_fingerprint` is among them."""

BLOCK = InsertNew(blocked_keys)
