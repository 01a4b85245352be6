"""The little of CBOR that is read."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1.cbor import MAX_COUNT, MAX_DEPTH, read_cbor
from emca_daemon.errors import Reason, Refused
from tests.support.attester import cbor

LEAVES = st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text() | st.booleans() | st.none()
VALUES = LEAVES | st.lists(LEAVES | st.dictionaries(st.text(), LEAVES, max_size=5), max_size=5)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    """Every kind of value that is expected."""
    assert read_cbor(cbor(value)) == value


@given(st.binary(max_size=200))
def test_octets_of_any_kind_are_read_or_refused(data: bytes) -> None:
    """Never anything else; what is read is a value."""
    value: Any = 0
    with contextlib.suppress(Refused):
        value = read_cbor(data)
    assert len(cbor(value)) <= max(1, len(data))


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing
        "0101",  # two values
        "18",  # a number without its octets
        "1c",  # a reserved length
        "42aa",  # octets too short
        "5b7fffffffffffffff",  # octets without end
        "61ff",  # no UTF-8
        "5f41aaff",  # an indefinite length
        "c101",  # a tag
        "d8236161",  # a regular expression
        "f90000",  # a float
        "f7",  # undefined
        "a10101",  # a key that is a number
        "a2616101616102",  # a key twice
        "a180" + "01",  # a key that is a list
        "9bffffffffffffffff",  # a list without end
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    """Malformed."""
    with pytest.raises(Refused) as refused:
        read_cbor(bytes.fromhex(text))
    assert refused.value.reason is Reason.MALFORMED


def test_bounds() -> None:
    """Size, depth and count."""
    assert read_cbor(b"\x81" * MAX_DEPTH + b"\x01")
    assert read_cbor(cbor([0] * MAX_COUNT)) == [0] * MAX_COUNT
    assert read_cbor(b"\x43abc", max_size=4) == b"abc"
    for data in (b"\x81" * (MAX_DEPTH + 1) + b"\x01", cbor([0] * (MAX_COUNT + 1))):
        with pytest.raises(Refused):
            read_cbor(data)
    with pytest.raises(Refused):
        read_cbor(b"\x43abc", max_size=3)
