"""Forgetting ACME's old orders and authorizations: by walking along the primary keys, so that no index is needed."""

from datetime import datetime

from sqlalchemy import BindParameter, Connection, Delete, Select, Table, bindparam, delete, select

from emca_daemon.store.acme_tables import (
    authorizations,
    challenges,
    mails,
    order_authorizations,
    orders,
    replacements,
    star_orders,
)


def _page(table: Table) -> Select[tuple[str, datetime]]:
    """The next rows of a table in the order of their ids."""
    return (
        select(table.c.id, table.c.expires)
        .where(table.c.id > bindparam("after"))
        .order_by(table.c.id)
        .limit(bindparam("most"))
    )


_ORDERS, _AUTHORIZATIONS = _page(orders), _page(authorizations)
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_FORGET_ORDERS = (
    delete(order_authorizations).where(order_authorizations.c.order_id.in_(_IDS)),
    delete(replacements).where(
        replacements.c.certificate.in_(select(orders.c.replaces).where(orders.c.id.in_(_IDS))),
        replacements.c.order_id.in_(_IDS),
    ),
    delete(star_orders).where(star_orders.c.order_id.in_(_IDS)),
    delete(orders).where(orders.c.id.in_(_IDS)),
)
_FORGET_AUTHORIZATIONS = (
    delete(mails).where(
        mails.c.challenge_id.in_(select(challenges.c.id).where(challenges.c.authorization_id.in_(_IDS)))
    ),
    delete(challenges).where(challenges.c.authorization_id.in_(_IDS)),
    delete(authorizations).where(authorizations.c.id.in_(_IDS)),
)


class Forgetting:
    """The part of `protocols.acme.ports.AcmeRows` about forgetting."""

    __slots__ = ()

    _connection: Connection

    def forget_orders(self, after: str, before: datetime, limit: int) -> str:
        """Look at the `limit` orders behind that id and forget those that expired before; the last id, or empty."""
        return self._walk(_ORDERS, _FORGET_ORDERS, after, before, limit)

    def forget_authorizations(self, after: str, before: datetime, limit: int) -> str:
        """The same for authorizations and their challenges, whatever orders they belong to."""
        return self._walk(_AUTHORIZATIONS, _FORGET_AUTHORIZATIONS, after, before, limit)

    def _walk(
        self, page: Select[tuple[str, datetime]], forget: tuple[Delete, ...], after: str, before: datetime, limit: int
    ) -> str:
        rows = self._connection.execute(page, {"after": after, "most": limit}).all()
        old = [row.id for row in rows if row.expires < before]
        if old:
            for statement in forget:
                self._connection.execute(statement, {"ids": old})
        return str(rows[-1].id) if len(rows) == limit else ""
