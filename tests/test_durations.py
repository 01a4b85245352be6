"""Tests of emca_daemon.durations."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.durations import duration_text, parse_duration

CASES = [
    ("0s", timedelta()),
    ("200ms", timedelta(milliseconds=200)),
    ("30s", timedelta(seconds=30)),
    ("5m", timedelta(minutes=5)),
    ("12h", timedelta(hours=12)),
    ("90d", timedelta(days=90)),
    ("1d12h", timedelta(hours=36)),
    ("10y", timedelta(days=3650)),
]


@pytest.mark.parametrize(("text", "duration"), CASES)
def test_text_and_duration_stand_for_one_another(text: str, duration: timedelta) -> None:
    """What is read from a text is written as the same text."""
    assert parse_duration(text) == duration
    assert duration_text(duration) == text


def test_weeks_are_read() -> None:
    """A week is seven days, and written as such."""
    assert duration_text(parse_duration("2w")) == "14d"


@pytest.mark.parametrize("text", ["", "d", "5", "5 d", "-5d", "5D", "1.5h", "5dd", "٣d", "9999999999d", "999999999y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Numbers without unit, units without number, signs, fractions and more than fits raise ValueError."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**12))
def test_every_duration_survives(milliseconds: int) -> None:
    """Any whole number of milliseconds comes back from its text."""
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(duration_text(duration)) == duration
