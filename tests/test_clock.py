"""The machine's clock."""

from datetime import timedelta

from emca_daemon.clock import system_clock


def test_the_time_is_in_utc() -> None:
    """Aware, without an offset, and never behind what was told before."""
    first, second = system_clock(), system_clock()
    assert first.utcoffset() == timedelta()
    assert first <= second
