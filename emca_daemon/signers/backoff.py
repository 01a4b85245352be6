"""When to ask something again that did not answer."""

from collections.abc import Callable
from threading import Lock

FIRST, LONGEST = 0.5, 10.0
"""Seconds of quiet after the first failure, and the most that the doubling leads to."""


class Backoff:
    """Keeps callers away from a dead device, so that not each of them waits for its time-out.

    After a failure nobody is admitted for a while, then one caller; the while doubles as long as that one fails.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """`monotonic` tells seconds that never run backwards."""
        self._monotonic = monotonic
        self._changing = Lock()
        self._wait = 0.0
        self._until = 0.0

    def admits(self) -> bool:
        """Whether the caller may try; after a quiet time only one caller hears yes."""
        if not self._wait:
            return True
        with self._changing:
            now = self._monotonic()
            if now < self._until:
                return False
            self._until = now + self._wait
            return True

    def failed(self) -> None:
        """The device did not answer: keep quiet from now on, longer than before."""
        with self._changing:
            self._wait = min(max(FIRST, self._wait * 2), LONGEST)
            self._until = self._monotonic() + self._wait

    def succeeded(self) -> None:
        """The device answered: everybody is admitted."""
        if self._wait:
            with self._changing:
                self._wait = 0.0
