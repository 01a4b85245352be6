"""What was delegated to ACME accounts (RFC 9115)."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from emca_daemon.protocols.acme.records import Delegation
from emca_daemon.store.acme_tables import delegations

_c = delegations.c
_GET = select(delegations).where(_c.id == bindparam("id"))
_ALL = select(delegations).order_by(_c.created, _c.id)
_OF_ACCOUNT = _ALL.where(_c.account_id == bindparam("account_id"))
_INSERT = insert(delegations)
_REVOKE = update(delegations).where(_c.id == bindparam("b_id"), _c.revoked.is_(None)).values(revoked=bindparam("now"))


class DelegationRows:
    """The part of `protocols.acme.ports.AcmeReader` about delegations."""

    __slots__ = ()

    _connection: Connection

    def delegation(self, delegation_id: str) -> Delegation | None:
        """One delegation, a revoked one too."""
        row = self._connection.execute(_GET, {"id": delegation_id}).first()
        return None if row is None else _delegation_of(row)

    def delegations(self, account_id: str | None = None) -> Sequence[Delegation]:
        """Those of an account, or all of them, oldest first."""
        if account_id is None:
            return [_delegation_of(row) for row in self._connection.execute(_ALL)]
        return [_delegation_of(row) for row in self._connection.execute(_OF_ACCOUNT, {"account_id": account_id})]


class DelegationWriter(DelegationRows):
    """The part of `protocols.acme.ports.AcmeRows` about delegations."""

    __slots__ = ()

    def add_delegation(self, delegation: Delegation) -> None:
        """Keep a new one."""
        given = {
            "id": delegation.id,
            "account_id": delegation.account_id,
            "csr_template": delegation.csr_template,
            "cname_map": json.dumps(dict(delegation.cname_map)),
            "note": delegation.note,
            "created": delegation.created,
            "revoked": delegation.revoked,
        }
        self._connection.execute(_INSERT, given)

    def revoke_delegation(self, delegation_id: str, now: datetime) -> bool:
        """Let nobody order by it any more; False if there is none that is not revoked yet."""
        return self._connection.execute(_REVOKE, {"b_id": delegation_id, "now": now}).rowcount == 1


def _delegation_of(row: Row[tuple[object, ...]]) -> Delegation:
    return Delegation(
        id=row.id,
        account_id=row.account_id,
        csr_template=row.csr_template,
        created=row.created,
        cname_map=tuple(json.loads(row.cname_map).items()),
        note=row.note,
        revoked=row.revoked,
    )
