"""Which certificates are replaced by which orders, and the plans by which certificates are renewed early (RFC 9773)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from emca_daemon.names import IssuerName
from emca_daemon.protocols.acme.records import RenewalPlan
from emca_daemon.store.acme_tables import renewal_plans, replacements
from emca_daemon.store.inserting import InsertOrChange

_c = renewal_plans.c
_REPLACEMENT = select(replacements.c.order_id).where(replacements.c.certificate == bindparam("certificate"))
_REPLACE = InsertOrChange(replacements, lambda new: {"order_id": new["order_id"]})
_PLANS = select(renewal_plans).order_by(_c.created, _c.id)
_OF_ISSUER = _PLANS.where(_c.issuer == bindparam("issuer"))
_ADD = insert(renewal_plans)
_CANCEL = (
    update(renewal_plans)
    .where(_c.id == bindparam("b_id"), _c.cancelled.is_(None))
    .values(cancelled=bindparam("cancelled"))
)
_FIELDS = ("id", "issuer", "profile", "reason", "explanation", "begins", "ends", "created", "cancelled")


class RenewalRows:
    """The part of `protocols.acme.ports.AcmeReader` about renewals."""

    __slots__ = ()

    _connection: Connection

    def replacement(self, certificate: str) -> str | None:
        """The order that was placed last to replace a certificate."""
        return self._connection.execute(_REPLACEMENT, {"certificate": certificate}).scalar()

    def renewal_plans(self, issuer: IssuerName | None = None) -> Sequence[RenewalPlan]:
        """An issuer's plans, or everybody's, oldest first; cancelled ones too."""
        statement, given = (_PLANS, {}) if issuer is None else (_OF_ISSUER, {"issuer": issuer})
        rows = self._connection.execute(statement, given)
        return [RenewalPlan(**{name: getattr(row, name) for name in _FIELDS}) for row in rows]


class RenewalWriter(RenewalRows):
    """The part of `protocols.acme.ports.AcmeRows` about renewals."""

    __slots__ = ()

    def replace_certificate(self, certificate: str, order_id: str) -> None:
        """Note that an order is to replace a certificate, in the place of one that was noted before."""
        _REPLACE.run(self._connection, {"certificate": certificate, "order_id": order_id})

    def add_renewal_plan(self, plan: RenewalPlan) -> None:
        """Keep a new plan."""
        self._connection.execute(_ADD, {name: getattr(plan, name) for name in _FIELDS})

    def cancel_renewal_plan(self, plan_id: str, now: datetime) -> bool:
        """End a plan; False if there is none that is not cancelled yet."""
        return self._connection.execute(_CANCEL, {"b_id": plan_id, "cancelled": now}).rowcount == 1
