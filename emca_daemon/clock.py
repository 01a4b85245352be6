"""The only place that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time: an aware datetime in UTC."""


def system_clock() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)
