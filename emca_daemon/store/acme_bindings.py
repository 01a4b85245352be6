"""The keys of external accounts."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from emca_daemon.protocols.acme.records import Binding
from emca_daemon.store.acme_tables import bindings
from emca_daemon.store.inserting import InsertNew

_c = bindings.c
_GET = select(bindings).where(_c.id == bindparam("id"))
_ALL = select(bindings).order_by(_c.created, _c.id)
_INSERT = InsertNew(bindings)
_USABLE = (_c.id == bindparam("b_id"), _c.revoked.is_(None))
_USE = update(bindings).where(*_USABLE, or_(_c.most_uses.is_(None), _c.uses < _c.most_uses)).values(uses=_c.uses + 1)
_REVOKE = update(bindings).where(*_USABLE).values(revoked=bindparam("now"))


class BindingRows:
    """The part of `protocols.acme.ports.AcmeReader` about external accounts."""

    __slots__ = ()

    _connection: Connection

    def binding(self, binding_id: str) -> Binding | None:
        """One external account's key."""
        row = self._connection.execute(_GET, {"id": binding_id}).first()
        return None if row is None else _binding_of(row)

    def bindings(self) -> Sequence[Binding]:
        """All of them, oldest first."""
        return [_binding_of(row) for row in self._connection.execute(_ALL)]


class BindingWriter(BindingRows):
    """The part of `protocols.acme.ports.AcmeRows` about external accounts."""

    __slots__ = ()

    def add_binding(self, binding: Binding) -> bool:
        """Keep a new external account's key; False if the identifier is taken."""
        given = {
            "id": binding.id,
            "endpoint": binding.endpoint,
            "secret": binding.secret,
            "note": binding.note,
            "created": binding.created,
            "expires": binding.expires,
            "revoked": binding.revoked,
            "uses": binding.uses,
            "most_uses": binding.most_uses,
            "names": json.dumps(binding.names),
            "proved_names": json.dumps(binding.proved_names),
            "profiles": json.dumps(binding.profiles),
        }
        return _INSERT.run(self._connection, given)

    def use_binding(self, binding_id: str) -> bool:
        """Count one use; False if it is revoked or was used as often as it may be."""
        return self._connection.execute(_USE, {"b_id": binding_id}).rowcount == 1

    def revoke_binding(self, binding_id: str, now: datetime) -> bool:
        """Let nobody use it any more; False if there is none that is not revoked yet."""
        return self._connection.execute(_REVOKE, {"b_id": binding_id, "now": now}).rowcount == 1


def _binding_of(row: Row[tuple[object, ...]]) -> Binding:
    return Binding(
        id=row.id,
        endpoint=row.endpoint,
        secret=bytes(row.secret),
        created=row.created,
        note=row.note,
        expires=row.expires,
        revoked=row.revoked,
        uses=row.uses,
        most_uses=row.most_uses,
        names=tuple(json.loads(row.names)),
        proved_names=tuple(json.loads(row.proved_names)),
        profiles=tuple(json.loads(row.profiles)),
    )
