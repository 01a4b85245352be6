"""Every refusal has an HTTP status."""

from emca_daemon.errors import Reason
from emca_daemon.protocols.downloads.errors import STATUS_OF


def test_the_table_is_complete() -> None:
    """No reason is without a status, and each is an error."""
    assert set(STATUS_OF) == set(Reason)
    assert all(400 <= status < 600 for status in STATUS_OF.values())


def test_the_reasons_that_occur() -> None:
    """What the responder itself says no with."""
    assert (STATUS_OF[Reason.NOT_FOUND], STATUS_OF[Reason.UNAVAILABLE]) == (404, 503)
