"""Column types: what goes in comes out, alike on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from emca_daemon.names import SerialNumber
from emca_daemon.store.columns import Moment, Serial

DIALECT = sqlite.dialect()


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_survives(moment: datetime) -> None:
    """To the microsecond, before 1970 too."""
    stored = Moment().process_bind_param(moment, DIALECT)
    assert Moment().process_result_value(stored, DIALECT) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_times_do(one: datetime, other: datetime) -> None:
    """So the database can compare them."""
    stored = [Moment().process_bind_param(moment, DIALECT) for moment in sorted([one, other])]
    assert stored == sorted(stored, key=lambda value: value or 0)


def test_the_zone_does_not_matter() -> None:
    """The same moment is the same number."""
    here = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    there = datetime(2026, 1, 1, tzinfo=UTC)
    assert Moment().process_bind_param(here, DIALECT) == Moment().process_bind_param(there, DIALECT)


def test_a_time_without_zone_is_a_bug() -> None:
    """It says nothing."""
    with pytest.raises(TypeError):
        Moment().process_bind_param(datetime(2026, 1, 1), DIALECT)  # noqa: DTZ001


@given(st.integers(1, (1 << 160) - 1), st.integers(1, (1 << 160) - 1))
def test_every_serial_survives_and_sorts(one: int, other: int) -> None:
    """As text of 40 digits."""
    texts = [Serial().process_bind_param(SerialNumber(serial), DIALECT) or "" for serial in sorted([one, other])]
    assert texts == sorted(texts)
    assert [len(text) for text in texts] == [40, 40]
    assert [Serial().process_result_value(text, DIALECT) for text in texts] == sorted([one, other])


def test_nothing_stays_nothing() -> None:
    """NULL is None."""
    assert Moment().process_bind_param(None, DIALECT) is None
    assert Moment().process_result_value(None, DIALECT) is None
    assert Serial().process_bind_param(None, DIALECT) is None
    assert Serial().process_result_value(None, DIALECT) is None
