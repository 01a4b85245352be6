"""Forgetting old orders and authorizations, off the request path: a walk along all of them, a little at a time."""

from datetime import UTC, datetime, timedelta

from emca_daemon.protocols.acme.ports import AcmeStore

_BATCH = 500
"""Rows that one transaction looks at."""

_REST = timedelta(hours=12)
"""From the end of a walk to the beginning of the next."""

_MARGIN = timedelta(days=2)
"""More than a walk takes and waits: an authorization is not forgotten before the orders that it belongs to."""


class Retention:
    """Walks along the orders, then along the authorizations, a batch a call; then it rests."""

    def __init__(self, store: AcmeStore, keep: timedelta, order_lifetime: timedelta) -> None:
        """Orders are kept for `keep` after they expired; `order_lifetime` is the longest of all endpoints'."""
        self._store = store
        self._keep = keep
        self._longer = keep + order_lifetime + _MARGIN
        self._orders, self._authorizations = "", ""
        self._at_orders = True
        self._next_walk = datetime.min.replace(tzinfo=UTC)

    def step(self, now: datetime) -> bool:
        """Look at the next batch; False while it rests. An order that is kept keeps its authorizations."""
        if now < self._next_walk:
            return False
        with self._store.writing(durable=False) as tx:
            if self._at_orders:
                self._orders = tx.acme.forget_orders(self._orders, now - self._keep, _BATCH)
            else:
                self._authorizations = tx.acme.forget_authorizations(self._authorizations, now - self._longer, _BATCH)
        if self._at_orders:
            self._at_orders = bool(self._orders)
        elif not self._authorizations:
            with self._store.writing(durable=False) as tx:
                tx.acme.forget_buckets(now)
            self._at_orders, self._next_walk = True, now + _REST
        return True
