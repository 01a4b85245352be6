"""Reasons as EST says them."""

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.errors import FAIL_INFO_OF, STATUS_OF, EstRefusal, status_of


def test_every_reason_has_a_status_and_a_fail_info() -> None:
    """Both tables are total."""
    assert set(STATUS_OF) == set(FAIL_INFO_OF) == set(Reason)


def test_a_refusal_may_have_a_status_of_its_own() -> None:
    """Others have that of their reason."""
    assert status_of(Refused(Reason.RATE_LIMITED, "slow down")) == 429
    assert status_of(EstRefusal(415, "another type")) == 415
