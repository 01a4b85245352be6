"""How long an outbound fetch may take as a whole."""

from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.python.failure import Failure

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
        return deferred.addTimeout(self._left(), self._reactor, _timed_out)

    def _left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._end - float(self._reactor.seconds()))


def _timed_out(result: Any, seconds: float) -> Any:
    """What became of cancelled work: whatever it failed with (Deferreds cancel in many ways), it failed by the time."""
    if isinstance(result, Failure):
        raise TimedOut(seconds, "the deadline")
    return result
