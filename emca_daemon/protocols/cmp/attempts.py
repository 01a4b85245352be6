"""How often a secret was guessed wrong lately: whoever guesses on is not listened to for a while, at no cost to us."""

from datetime import datetime, timedelta

from emca_daemon.clock import Clock

_REMEMBERED = 10_000
"""References of which wrong secrets are counted at a time."""


class Attempts:
    """Counts wrong secrets by reference value, in this process alone; all unknown references are one."""

    def __init__(self, most: int, lock: timedelta, clock: Clock) -> None:
        """After `most` wrong secrets in a row a reference is locked, until `lock` has passed since the last."""
        self._most = most
        self._lock = lock
        self._clock = clock
        self._wrong: dict[str, tuple[int, datetime]] = {}

    def is_locked(self, reference: str) -> bool:
        """Whether this reference is to be refused unheard."""
        count, until = self._wrong.get(reference, (0, self._clock()))
        return count >= self._most and self._clock() < until

    def failed(self, reference: str) -> int:
        """The secret was wrong; how many in a row that makes, 0 where no more can be counted."""
        now = self._clock()
        count, until = self._wrong.get(reference, (0, now))
        if len(self._wrong) >= _REMEMBERED and reference not in self._wrong:
            self._wrong = {name: kept for name, kept in self._wrong.items() if kept[1] > now}
        if len(self._wrong) < _REMEMBERED or reference in self._wrong:
            self._wrong[reference] = (count + 1 if until >= now else 1, now + self._lock)
            return self._wrong[reference][0]
        return 0

    def succeeded(self, reference: str) -> None:
        """The secret was right: what was wrong before is forgotten."""
        self._wrong.pop(reference, None)
