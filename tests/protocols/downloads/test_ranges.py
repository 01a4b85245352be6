"""Byte ranges as RFC 9110 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.downloads.ranges import Unsatisfiable, read_range


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=0-0", slice(0, 1)),
        ("bytes=90-", slice(90, 100)),
        ("bytes=90-1000", slice(90, 100)),
        ("bytes=-10", slice(90, 100)),
        ("bytes=-1000", slice(0, 100)),
        (" bytes=5-6 ", slice(5, 7)),
        ("bytes=100-", Unsatisfiable.RANGE),
        ("bytes=100-200", Unsatisfiable.RANGE),
        ("bytes=-0", Unsatisfiable.RANGE),
        (None, None),
        ("", None),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
        ("lines=0-1", None),
        ("bytes=0-" + "9" * 4000, None),
    ],
)
def test_ranges_of_a_hundred_octets(field: str | None, expected: slice | Unsatisfiable | None) -> None:
    """One range is read; what asks for more, or for nonsense, is ignored."""
    assert read_range(field, 100) == expected


@given(st.text(max_size=40) | st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True), st.integers(0, 300))
def test_a_range_is_always_inside(field: str, size: int) -> None:
    """Whatever is asked for, what comes out is a part of the body and not empty."""
    part = read_range(field, size)
    if isinstance(part, slice):
        assert 0 <= part.start < part.stop <= size
