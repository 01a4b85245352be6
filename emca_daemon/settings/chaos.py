"""The settings of chaos (`[chaos]`): what a demonstration does to its clients so that they learn to bear it."""

from dataclasses import dataclass
from datetime import timedelta

from emca_daemon.settings.limits import limited

LONGEST_WAIT = timedelta(seconds=60)
"""The longest that a validation may be put off: its lease must outlive it."""


def share(value: object) -> str | None:
    """A check: a share of all cases."""
    return None if isinstance(value, float) and 0 <= value <= 1 else "a number from 0 (never) to 1 (always)"


def short_wait(value: object) -> str | None:
    """A check: a duration of a minute at the most, or none."""
    within = isinstance(value, timedelta) and timedelta() <= value <= LONGEST_WAIT
    return None if within else "a duration from 0s to 60s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosSettings:
    """How often, as a share of all cases, and how long things go wrong at the ACME endpoints.

    `bad_nonces`, `too_many_requests` (429) and `unavailable` (503) are shares of signed requests, `failing_validations`
    of attempts, `forgotten_authorizations` of the valid ones that a new order would use again. `slow_validations` is
    the longest wait before an attempt, `slow_orders` how long an order stays `processing` after its finalization.
    With `moved_resources` every resource but the directory is somewhere else, in each database elsewhere, and the
    directory has an entry that no client knows. `retry_after` is what 429 and 503 tell.
    """

    bad_nonces: float = limited(0.0, share)
    too_many_requests: float = limited(0.0, share)
    unavailable: float = limited(0.0, share)
    retry_after: timedelta = limited(timedelta(seconds=1), short_wait)
    slow_validations: timedelta = limited(timedelta(0), short_wait)
    failing_validations: float = limited(0.0, share)
    forgotten_authorizations: float = limited(0.0, share)
    slow_orders: timedelta = limited(timedelta(0), short_wait)
    moved_resources: bool = False

    @property
    def at_work(self) -> bool:
        """Whether anything is out of order at all."""
        return self != ChaosSettings()
