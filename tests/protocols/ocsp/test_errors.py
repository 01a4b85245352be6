"""Every refusal has an OCSP status."""

import pytest

from emca_daemon.errors import Reason
from emca_daemon.protocols.ocsp.errors import STATUS_OF, ResponseStatus


def test_the_table_is_complete() -> None:
    """No reason is without a status, and none means success."""
    assert set(STATUS_OF) == set(Reason)
    assert ResponseStatus.SUCCESSFUL not in STATUS_OF.values()


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.MALFORMED, ResponseStatus.MALFORMED_REQUEST),
        (Reason.NOT_FOUND, ResponseStatus.UNAUTHORIZED),
        (Reason.UNKNOWN_CERTIFICATE, ResponseStatus.UNAUTHORIZED),
        (Reason.UNAVAILABLE, ResponseStatus.TRY_LATER),
        (Reason.INTERNAL, ResponseStatus.INTERNAL_ERROR),
    ],
)
def test_the_reasons_that_occur(reason: Reason, status: ResponseStatus) -> None:
    """What the responder itself says no with."""
    assert STATUS_OF[reason] is status
