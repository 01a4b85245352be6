"""Terms of automatic renewal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.star import begin_of, read_terms, star_refusal, stored_terms
from emca_daemon.settings.acme import AcmeStarSettings
from tests.support.acme_star import TERMS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = AcmeStarSettings(offered=True, allow_certificate_get=True)
WHOLE = {**TERMS, "start-date": "2026-06-03T00:00:00Z", "lifetime-adjust": 600, "allow-certificate-get": True}


def test_terms_are_stored_and_shown_as_they_were_asked_for() -> None:
    """Every member that says something (RFC 8739 3.1.1)."""
    for asked in (TERMS, WHOLE):
        terms = read_terms(asked, SETTINGS, NOW)
        assert terms.document() == asked
        assert stored_terms(terms.text()) == terms


@pytest.mark.parametrize(
    "changes",
    [
        {"end-date": None},
        {"end-date": "soon"},
        {"end-date": "2026-06-01T12:00:00Z"},
        {"start-date": "2026-06-21T00:00:00Z"},
        {"end-date": "2028-01-01T00:00:00Z"},
        {"lifetime": None},
        {"lifetime": "1"},
        {"lifetime": True},
        {"lifetime": 0},
        {"lifetime": 3600},
        {"lifetime": 10**9},
        {"lifetime-adjust": -1},
        {"lifetime-adjust": 4 * 86_400},
        {"allow-certificate-get": 1},
    ],
)
def test_other_terms_are_malformed(changes: dict[str, Any]) -> None:
    """What is none, and what the settings do not allow."""
    with pytest.raises(Refused):
        read_terms({**TERMS, **changes}, SETTINGS, NOW)


def test_what_is_not_offered_is_malformed() -> None:
    """Downloads for everybody, and what is no object."""
    with pytest.raises(Refused):
        read_terms(WHOLE, AcmeStarSettings(offered=True), NOW)
    with pytest.raises(Refused):
        read_terms([], SETTINGS, NOW)


def test_certificates_follow_one_another() -> None:
    """As in the example of 3.5.1: each but the first is there, and begins, before its nominal date."""
    asked = {"start-date": "2026-06-10T00:00:00Z", "end-date": "2026-06-20T00:00:00Z", "lifetime": 345_600}
    terms = read_terms({**asked, "lifetime-adjust": 259_200}, SETTINGS, NOW)
    begin = begin_of(terms, NOW)
    days = [tuple(moment.day for moment in terms.validity(begin, number)) for number in range(3)]
    assert days == [(10, 14), (11, 18), (15, 20)]
    assert [terms.due(begin, number) for number in (1, 2)] == [begin + timedelta(days=days) for days in (1, 5)]
    assert terms.due(begin, 3) is None
    numbers = [terms.number_at(begin, begin + timedelta(hours=hours)) for hours in (-24, 0, 23, 24, 119, 120, 960)]
    assert numbers == [0, 0, 0, 1, 1, 2, 2]


def test_they_are_there_half_a_life_before_the_one_before_ends() -> None:
    """Even where nothing, or little, is to be added (3.3)."""
    for adjust in (0, 600):
        terms = read_terms({**TERMS, "lifetime-adjust": adjust}, SETTINGS, NOW)
        assert terms.due(NOW, 1) == NOW + timedelta(days=2)
        assert terms.validity(NOW, 1) == (NOW + timedelta(days=2), NOW + timedelta(days=8))


def test_refusals_have_types_of_their_own() -> None:
    """With 403, or another status (RFC 8739 3.1.2, 6.2)."""
    assert star_refusal("Expired", "x").problem.type == "autoRenewalExpired"
    assert [star_refusal("X", "x").problem.status, star_refusal("X", "x", 400).problem.status] == [403, 400]
