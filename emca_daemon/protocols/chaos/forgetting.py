"""A store that forgets some valid authorizations when a new order asks for them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Protocol, cast

from emca_daemon.protocols.chaos.chance import Chance


class Store(Protocol):
    """The part of a store of ACME's rows that is looked into."""

    def reading(self) -> AbstractContextManager[Any]:
        """Open a read transaction."""

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Any]:
        """Open a write transaction."""


class ForgetfulStore:
    """Another store, except that authorizations are found less often by whoever writes; nothing is lost."""

    def __init__(self, inner: Store, share: float, chance: Chance) -> None:
        """`share` of the valid authorizations are not found."""
        self._inner = inner
        self._share = share
        self._chance = chance

    def reading(self) -> AbstractContextManager[Any]:
        """The store's own: who may revoke is asked there."""
        return self._inner.reading()

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Any]:
        """The store's own, a little forgetful."""
        with self._inner.writing(durable=durable) as tx:
            yield _Transaction(tx, self._share, self._chance) if self._share else tx


class _Transaction:
    """A transaction; whatever is not said here is the other one's."""

    def __init__(self, inner: Any, share: float, chance: Chance) -> None:
        self._inner = inner
        self.acme = _Rows(inner.acme, share, chance)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Rows:
    """ACME's rows; whatever is not said here is the others'."""

    def __init__(self, inner: Any, share: float, chance: Chance) -> None:
        self._inner = inner
        self._share = share
        self._chance = chance

    def valid_authorizations(self, account_id: str, identifiers: Sequence[object], now: datetime) -> Sequence[object]:
        """Those that are not forgotten this time."""
        found = cast("Sequence[object]", self._inner.valid_authorizations(account_id, identifiers, now))
        return [one for one in found if not self._chance.falls(self._share)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
