"""Throwing dice."""

from emca_daemon.randomness import RandomBytes

_OCTETS = 4
_SIDES = 1 << 8 * _OCTETS


class Chance:
    """Decides by chance."""

    def __init__(self, random: RandomBytes) -> None:
        self._random = random

    def falls(self, share: float) -> bool:
        """Whether it happens this time, as it does in that share of all cases (0 never, 1 always)."""
        return share > 0 and self.part() < share

    def part(self) -> float:
        """A number from 0 to just below 1."""
        return int.from_bytes(self._random(_OCTETS)) / _SIDES
