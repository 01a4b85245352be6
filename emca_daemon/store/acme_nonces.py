"""ACME's used nonces, and the secrets that its processes share."""

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.store.acme_tables import accounts, nonces, secrets
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.statements import Statement

_SPEND = InsertNew(nonces)
_BY_VALID_ACCOUNT = select(bindparam("nonce", type_=nonces.c.nonce.type)).where(
    accounts.c.id == bindparam("account_id"),
    accounts.c.thumbprint == bindparam("thumbprint"),
    accounts.c.status == AccountStatus.VALID.value,
)
_SPEND_OF = {
    name: Statement(insert(nonces).from_select(["nonce"], _BY_VALID_ACCOUNT).on_conflict_do_nothing())
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
"""One statement for what every signed request needs: the account is still what it was, and the nonce is new."""
_OLDEST = select(nonces.c.nonce).where(nonces.c.nonce < bindparam("before")).order_by(nonces.c.nonce)
_PURGE = delete(nonces).where(nonces.c.nonce.in_(_OLDEST.limit(bindparam("most"))))
_ADD_SECRET = InsertNew(secrets)
_SECRET = select(secrets.c.value).where(secrets.c.name == bindparam("name"))


class NonceWriter:
    """The part of `protocols.acme.ports.AcmeRows` about nonces and secrets."""

    __slots__ = ()

    _connection: Connection

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The secret of that name; `fresh` becomes it if there is none yet."""
        _ADD_SECRET.run(self._connection, {"name": name, "value": fresh})
        return bytes(self._connection.execute(_SECRET, {"name": name}).scalar_one())

    def spend_nonce(self, nonce: bytes) -> bool:
        """Note a nonce as used; False if it was used before."""
        return _SPEND.run(self._connection, {"nonce": nonce})

    def spend_nonce_of(self, account_id: str, thumbprint: str, nonce: bytes) -> bool:
        """The same if the account is valid and has that key; False if not so, or if the nonce was used before."""
        given = {"account_id": account_id, "thumbprint": thumbprint, "nonce": nonce}
        return _SPEND_OF[self._connection.dialect.name].run(self._connection, given) == 1

    def purge_nonces(self, before: bytes, limit: int) -> int:
        """Forget at most `limit` nonces that sort before that value; how many were forgotten."""
        return self._connection.execute(_PURGE, {"before": before, "most": limit}).rowcount
