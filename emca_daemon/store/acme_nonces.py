"""ACME's used nonces, and the secrets that its processes share."""

from sqlalchemy import Connection, bindparam, delete, select

from emca_daemon.store.acme_tables import nonces, secrets
from emca_daemon.store.inserting import InsertNew

_SPEND = InsertNew(nonces)
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

    def purge_nonces(self, before: bytes, limit: int) -> int:
        """Forget at most `limit` nonces that sort before that value; how many were forgotten."""
        return self._connection.execute(_PURGE, {"before": before, "most": limit}).rowcount
