"""Tests of emca_daemon.protocols.scep.errors."""

from emca_daemon.errors import Reason
from emca_daemon.protocols.scep.errors import FAIL_INFO, FailInfo


def test_every_reason_has_its_answer() -> None:
    """The table is total; what passes with time is left to HTTP."""
    assert set(FAIL_INFO) == set(Reason)
    later = {reason for reason, info in FAIL_INFO.items() if info is None}
    assert later == {Reason.UNAVAILABLE, Reason.RATE_LIMITED, Reason.INTERNAL}
    assert FAIL_INFO[Reason.BAD_INTEGRITY] is FailInfo.BAD_MESSAGE_CHECK
