"""How long an outbound fetch may take as a whole."""

from typing import Any, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


class Deadline:
    """A moment after which nothing is waited for any more."""

    def __init__(self, reactor: Any, seconds: float) -> None:
        """`reactor` provides IReactorTime; `seconds` from now."""
        self._reactor = reactor
        self._end: float = reactor.seconds() + seconds

    @property
    def passed(self) -> bool:
        """Whether the moment has come."""
        return bool(self._reactor.seconds() >= self._end)

    def sooner(self, seconds: float) -> "Deadline":
        """A deadline that many seconds from now, or this one if that is sooner."""
        return Deadline(self._reactor, min(seconds, self._left()))

    def within(self, deferred: Deferred[T]) -> Deferred[T]:
        """The same result, or twisted's TimeoutError and the work cancelled when the moment comes first."""
        return deferred.addTimeout(self._left(), self._reactor)

    def _left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._end - float(self._reactor.seconds()))
