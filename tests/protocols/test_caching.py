"""Dates, tags and conditions of HTTP."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.caching import entity_tag, http_date, is_unchanged, range_applies
from emca_daemon.protocols.http import Peer, Request

NOON = datetime(2026, 3, 4, 12, 0, 0, 500, tzinfo=UTC)
TAG = entity_tag(b"body")


def asking(field: str, value: str, method: str = "GET") -> Request:
    """A request with one header field."""
    return Request(method, "/", "", ((field, value),), b"", Peer("192.0.2.1"), "request-1")


def test_dates_are_in_gmt() -> None:
    """An HTTP date is GMT, whatever zone the time was in."""
    assert http_date(NOON.astimezone(timezone(timedelta(hours=-7)))) == "Wed, 04 Mar 2026 12:00:00 GMT"


def test_tags_are_strong_and_quoted() -> None:
    """SHA-256 in hexadecimal."""
    assert TAG == '"230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"'


@pytest.mark.parametrize(
    ("field", "value", "unchanged"),
    [
        ("if-none-match", TAG, True),
        ("if-none-match", f"W/{TAG}", True),
        ("if-none-match", f'"a", {TAG}', True),
        ("if-none-match", " * ", True),
        ("if-none-match", '"a"', False),
        ("if-none-match", TAG.strip('"'), False),
        ("if-none-match", '"a",' * 32 + TAG, False),
        ("if-modified-since", "Wed, 04 Mar 2026 12:00:00 GMT", True),
        ("if-modified-since", "Wed, 04 Mar 2026 12:00:00", True),
        ("if-modified-since", "Wed, 04 Mar 2026 11:59:59 GMT", False),
        ("if-modified-since", "Wednesday, 04-Mar-26 12:00:00 GMT", True),
        ("if-modified-since", "yesterday", False),
        ("if-modified-since", "Wed, 04 Mar 99999999999 12:00:00 GMT", False),
        ("x-other", TAG, False),
    ],
)
def test_conditions(field: str, value: str, unchanged: bool) -> None:
    """Tags are compared weakly, dates in whole seconds, nonsense is ignored."""
    assert is_unchanged(asking(field, value), TAG, NOON) is unchanged


def test_a_tag_goes_before_a_date() -> None:
    """With a tag that differs the date is not looked at."""
    request = asking("if-none-match", '"other"')
    both = Request(
        "GET", "/", "", (*request.headers, ("if-modified-since", http_date(NOON))), b"", Peer("192.0.2.1"), "request-1"
    )
    assert not is_unchanged(both, TAG, NOON)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_conditions_are_for_get_and_head(method: str) -> None:
    """Other methods are never answered with 304."""
    assert not is_unchanged(asking("if-none-match", TAG, method), TAG, NOON)


@pytest.mark.parametrize(
    ("field", "value", "applies"),
    [
        ("x-other", "", True),
        ("if-range", TAG, True),
        ("if-range", f"W/{TAG}", False),
        ("if-range", '"other"', False),
        ("if-range", "Wed, 04 Mar 2026 12:00:00 GMT", True),
        ("if-range", "Wed, 04 Mar 2026 12:00:01 GMT", False),
    ],
)
def test_if_range(field: str, value: str, applies: bool) -> None:
    """Strong comparison, and the very date."""
    assert range_applies(asking(field, value), TAG, NOON) is applies


@given(st.sampled_from(["if-none-match", "if-modified-since", "if-range"]), st.text(max_size=80))
def test_any_text_is_a_condition(field: str, value: str) -> None:
    """Whatever a client sends, the answer is yes or no."""
    request = asking(field, value)
    assert is_unchanged(request, TAG, NOON) in (True, False)
    assert range_applies(request, TAG, NOON) in (True, False)
