"""Tests of emca_daemon.policy.validity."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.issuers import IssuerLimits
from emca_daemon.policy.validity import LAST_MOMENT, Period, chosen_period
from tests.support.policy_world import NOW, ca_certificate, facts, profile

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def chosen(
    rules: dict[str, object],
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    issuer: IssuerLimits | None = None,
) -> tuple[Period, list[str]]:
    """The period, and the fields of the mismatches."""
    request: RequestFacts = replace(facts(), not_before=not_before, not_after=not_after)
    period, found = chosen_period(profile(validity=rules).validity, request, issuer, NOW)
    return period, [mismatch.field for mismatch in found]


def limits(days_before: int, days_after: int) -> IssuerLimits:
    """The limits of an issuer valid from so many days ago for so many days to come."""
    return IssuerLimits.of(ca_certificate(not_before=NOW - days_before * DAY, not_after=NOW + days_after * DAY))


def test_the_profile_s_duration_includes_both_ends() -> None:
    """Ninety days, an hour of which is past, to the second."""
    period, found = chosen({"duration": "90d", "backdate": "1h"})
    assert found == []
    assert period.not_before == NOW - timedelta(hours=1)
    assert period.length == 90 * DAY


def test_times_are_whole_seconds() -> None:
    """Certificates know no fractions."""
    period, _ = chosen_period(profile().validity, facts(), None, NOW + timedelta(microseconds=5))
    assert period.not_before.microsecond == period.not_after.microsecond == 0


def test_a_validity_asked_for_is_refused_by_default() -> None:
    """Or ignored, or kept within the maximum."""
    end = NOW + 10 * DAY
    assert chosen({}, not_after=end)[1] == ["validity.requested"]
    period, found = chosen({"requested": "ignore"}, not_after=end)
    assert (period.length, found) == (90 * DAY, [])
    period, found = chosen({"requested": "allow"}, not_after=end)
    assert (period.not_after, found) == (end, [])


ASKED = [
    (NOW, NOW + DAY, []),
    (NOW + DAY, None, []),
    (NOW + DAY + SECOND, None, ["validity.latest_start"]),
    (NOW - timedelta(minutes=5), None, []),
    (NOW - timedelta(minutes=6), None, ["validity.backdate"]),
    (NOW, NOW + 120 * DAY - SECOND, []),
    (NOW, NOW + 120 * DAY, ["validity.maximum"]),
    (None, NOW - DAY, ["validity.duration"]),
    (NOW, NOW, ["validity.duration"]),
    (NOW + DAY, NOW + SECOND, ["validity.duration"]),
]


@pytest.mark.parametrize(("not_before", "not_after", "fields"), ASKED)
def test_a_validity_asked_for_has_bounds(
    not_before: datetime | None, not_after: datetime | None, fields: list[str]
) -> None:
    """Not too early, too late, too long or empty."""
    rules: dict[str, object] = {"requested": "allow", "maximum": "120d"}
    assert chosen(rules, not_before, not_after)[1] == fields


def test_the_duration_is_the_maximum_unless_another_is_given() -> None:
    """A requester may shorten it alone."""
    assert chosen({"requested": "allow"}, NOW, NOW + 90 * DAY)[1] == ["validity.maximum"]
    assert chosen({"requested": "allow"}, NOW, NOW + 90 * DAY - SECOND)[1] == []


def test_a_certificate_does_not_outlive_its_issuer() -> None:
    """It is shortened, or refused."""
    period, found = chosen({}, issuer=limits(10, 30))
    assert (period.not_after, found) == (NOW + 30 * DAY, [])
    assert chosen({"beyond_issuer": "refuse"}, issuer=limits(10, 30))[1] == ["validity.beyond_issuer"]
    assert chosen({"beyond_issuer": "refuse"}, issuer=limits(10, 300))[1] == []


def test_a_certificate_is_not_older_than_its_issuer() -> None:
    """Back-dating ends where the issuer begins."""
    assert chosen({"backdate": "2d"}, issuer=limits(1, 300))[0].not_before == NOW - DAY


def test_an_issuer_without_time_left_leaves_nothing() -> None:
    """What is left must lie in the future."""
    assert chosen({}, issuer=limits(10, 0))[1] == ["validity.duration"]


def test_no_validity_goes_beyond_what_certificates_can_say() -> None:
    """The year 9999 is the last."""
    period, found = chosen({"duration": "9000y"})
    assert (period.not_after, found) == (LAST_MOMENT, [])
    assert datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) == LAST_MOMENT
