"""ACME's orders."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.bindings import EXTERNAL
from emca_daemon.protocols.acme.records import Authorization, Order, OrderAuthorization
from emca_daemon.protocols.acme.states import AuthorizationStatus, OrderStage
from emca_daemon.store.acme_authorizations import AuthorizationWriter
from emca_daemon.store.acme_tables import authorizations, order_authorizations, orders
from emca_daemon.store.statements import Row, Statement

_c, _a, _link = orders.c, authorizations.c, order_authorizations.c
_GET = Statement(
    select(
        orders,
        _a.id.label("a_id"),
        _a.status.label("a_status"),
        _a.expires.label("a_expires"),
        _a.proved.label("a_proved"),
        _a.method.label("a_method"),
        _a.subdomains.label("a_subdomains"),
        _a.attested_key.label("a_attested_key"),
    )
    .outerjoin(order_authorizations, _link.order_id == _c.id)
    .outerjoin(authorizations, _a.id == _link.authorization_id)
    .where(_c.id == bindparam("id"))
    .order_by(_link.position)
)
_OF_ACCOUNT = (
    select(_c.id)
    .where(_c.account_id == bindparam("account_id"), _c.id > bindparam("after"))
    .order_by(_c.id)
    .limit(bindparam("most"))
)
_INSERT = Statement(insert(orders).inline())
_LINK = Statement(insert(order_authorizations).inline())
_CHANGED = ("stage", "error", "csr_hash", "issuer", "serial")
_UPDATE = Statement(
    update(orders)
    .where(_c.id == bindparam("b_id"), _c.stage == bindparam("b_expected"))
    .values({name: bindparam(name) for name in _CHANGED})
)


class OrderRows:
    """The part of `protocols.acme.ports.AcmeReader` about orders."""

    __slots__ = ()

    _connection: Connection

    def order(self, order_id: str) -> Order | None:
        """One order with what it must know of its authorizations; one statement."""
        rows = _GET.all(self._connection, {"id": order_id})
        return _order_of(rows) if rows else None

    def orders_of(self, account_id: str, after: str, limit: int) -> Sequence[str]:
        """Ids of the account's orders, by id, those greater than `after`."""
        given = {"account_id": account_id, "after": after, "most": limit}
        return list(self._connection.execute(_OF_ACCOUNT, given).scalars())


class OrderWriter(OrderRows, AuthorizationWriter):
    """The part of `protocols.acme.ports.AcmeRows` about orders."""

    __slots__ = ()

    def add_order(self, order: Order, fresh: Sequence[Authorization]) -> None:
        """Keep a new order and those of its authorizations that are new."""
        self.add_authorizations(fresh)
        names = json.dumps([[name.type.value, name.value] for name in order.names])
        given = {
            "id": order.id,
            "endpoint": order.endpoint,
            "account_id": order.account_id,
            "names": names,
            "expires": order.expires,
            "created": order.created,
            "not_before": order.not_before,
            "not_after": order.not_after,
            "profile": order.profile,
            "replaces": order.replaces,
            "auto_renewal": order.auto_renewal,
            "delegation": order.delegation,
            "open_to_all": order.open_to_all,
            **_values(order),
        }
        _INSERT.run(self._connection, given)
        links = [
            {"order_id": order.id, "position": position, "authorization_id": one.id}
            for position, one in enumerate(order.authorizations)
        ]
        _LINK.run_each(self._connection, links)

    def update_order(self, old: Order, new: Order) -> None:
        """Replace stage, error, CSR and certificate; raises Refused(WRONG_STATE) unless the stage is still the old."""
        given = {"b_id": old.id, "b_expected": old.stage.value, **_values(new)}
        if _UPDATE.run(self._connection, given) != 1:
            raise Refused(Reason.WRONG_STATE, f"the order is not {old.stage.value} any more")


def _values(order: Order) -> dict[str, object]:
    return {
        "stage": order.stage.value,
        "error": order.error,
        "csr_hash": order.csr_hash,
        "issuer": order.issuer,
        "serial": order.serial,
    }


def _order_of(rows: Sequence[Row]) -> Order:
    row = rows[0]
    return Order(
        id=row.id,
        endpoint=row.endpoint,
        account_id=row.account_id,
        stage=OrderStage(row.stage),
        names=tuple(AlternativeName(NameType(kind), value) for kind, value in json.loads(row.names)),
        authorizations=tuple(_summary_of(one) for one in rows if one.a_id is not None),
        expires=row.expires,
        created=row.created,
        not_before=row.not_before,
        not_after=row.not_after,
        error=row.error,
        csr_hash=bytes(row.csr_hash),
        issuer=row.issuer,
        serial=row.serial,
        profile=row.profile,
        replaces=row.replaces,
        auto_renewal=row.auto_renewal,
        delegation=row.delegation,
        open_to_all=bool(row.open_to_all),
    )


def _summary_of(row: Row) -> OrderAuthorization:
    return OrderAuthorization(
        row.a_id,
        AuthorizationStatus(row.a_status),
        row.a_expires,
        row.a_proved,
        asks_caa=bool(row.a_subdomains) or row.a_method == EXTERNAL,
        attested_key=None if row.a_attested_key is None else bytes(row.a_attested_key),
    )
