"""The validity that an order asks for."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.errors import AcmeRefusal
from emca_daemon.protocols.acme.times import read_validity

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_times_are_read_in_utc() -> None:
    """With any offset, fractions dropped; what is not there is None."""
    payload = {"notBefore": "2026-06-02T02:00:00.5+02:00", "notAfter": "2026-07-01t00:00:00z"}
    assert read_validity(payload, NOW) == (datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    assert read_validity({}, NOW) == (None, None)


@pytest.mark.parametrize(
    "payload",
    [
        {"notBefore": "tomorrow"},
        {"notBefore": 1},
        {"notBefore": "2026-06-02"},
        {"notBefore": "2026-06-02 00:00:00Z"},
        {"notBefore": "2026-13-02T00:00:00Z"},
        {"notBefore": "2026-06-02T00:00:00"},
        {"notAfter": "0001-01-01T00:00:00+23:00"},
        {"notAfter": "2026-05-31T00:00:00Z"},
        {"notBefore": "2026-07-02T00:00:00Z", "notAfter": "2026-07-01T00:00:00Z"},
    ],
)
def test_times_that_make_no_sense_are_malformed(payload: dict[str, object]) -> None:
    """Not RFC 3339, out of range, or ending before they begin."""
    with pytest.raises(AcmeRefusal) as refused:
        read_validity(payload, NOW)
    assert refused.value.problem.type == "malformed"


@given(st.text(max_size=30))
def test_any_text_gives_a_time_or_a_refusal(text: str) -> None:
    """Nothing else comes out."""
    with suppress(AcmeRefusal):
        read_validity({"notBefore": text}, NOW)
