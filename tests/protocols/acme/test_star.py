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


def test_certificates_follow_one_another_half_a_life_apart() -> None:
    """Each a little earlier, the last one no longer than the end; then there is none."""
    terms = read_terms(WHOLE, SETTINGS, NOW)
    begin = begin_of(terms, NOW)
    assert begin == datetime(2026, 6, 3, tzinfo=UTC)
    assert terms.validity(begin) == (begin - timedelta(minutes=10), begin + timedelta(days=4))
    assert terms.next_after(begin) == begin + timedelta(days=2)
    late = terms.end - timedelta(days=1)
    assert terms.validity(late)[1] == terms.end
    assert terms.next_after(late) is None


def test_refusals_have_types_of_their_own() -> None:
    """With 403 (RFC 8739 6.2)."""
    assert star_refusal("Expired", "x").problem.type == "autoRenewalExpired"
