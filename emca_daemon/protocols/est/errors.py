"""The total table from reasons to HTTP statuses (RFC 7030 4.2.3), and refusals with a status of their own."""

from collections.abc import Mapping
from typing import Final

from emca_daemon.asn1.cmc import FailInfo
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Headers

BUSY_SECONDS: Final = 2
"""What a client is told to wait where nobody knows better."""

STATUS_OF: Mapping[Reason, int] = {
    Reason.MALFORMED: 400,
    Reason.BAD_INTEGRITY: 400,
    Reason.BAD_PROOF_OF_POSSESSION: 400,
    Reason.NOT_AUTHENTICATED: 401,
    Reason.NOT_PERMITTED: 403,
    Reason.NAME_REFUSED: 403,
    Reason.KEY_REFUSED: 400,
    Reason.ALGORITHM_REFUSED: 400,
    Reason.PROFILE_REFUSED: 400,
    Reason.UNKNOWN_CERTIFICATE: 404,
    Reason.NOT_FOUND: 404,
    Reason.ALREADY_REVOKED: 403,
    Reason.REPLAYED: 401,
    Reason.WRONG_STATE: 403,
    Reason.RATE_LIMITED: 429,
    Reason.UNAVAILABLE: 503,
    Reason.INTERNAL: 500,
}
"""What each reason means to an EST client."""


FAIL_INFO_OF: Mapping[Reason, FailInfo] = {
    Reason.MALFORMED: FailInfo.BAD_REQUEST,
    Reason.BAD_INTEGRITY: FailInfo.BAD_MESSAGE_CHECK,
    Reason.BAD_PROOF_OF_POSSESSION: FailInfo.POP_FAILED,
    Reason.NOT_AUTHENTICATED: FailInfo.BAD_IDENTITY,
    Reason.NOT_PERMITTED: FailInfo.BAD_IDENTITY,
    Reason.NAME_REFUSED: FailInfo.BAD_REQUEST,
    Reason.KEY_REFUSED: FailInfo.BAD_REQUEST,
    Reason.ALGORITHM_REFUSED: FailInfo.BAD_ALGORITHM,
    Reason.PROFILE_REFUSED: FailInfo.BAD_REQUEST,
    Reason.UNKNOWN_CERTIFICATE: FailInfo.BAD_CERTIFICATE_ID,
    Reason.NOT_FOUND: FailInfo.BAD_CERTIFICATE_ID,
    Reason.ALREADY_REVOKED: FailInfo.BAD_REQUEST,
    Reason.REPLAYED: FailInfo.BAD_TIME,
    Reason.WRONG_STATE: FailInfo.BAD_REQUEST,
    Reason.RATE_LIMITED: FailInfo.TRY_LATER,
    Reason.UNAVAILABLE: FailInfo.TRY_LATER,
    Reason.INTERNAL: FailInfo.INTERNAL_CA_ERROR,
}
"""What each reason is in a full CMC response (RFC 5272 6.1.4)."""


class EstRefusal(Refused):
    """A refusal whose status is not that of its reason; `headers` go with the answer."""

    def __init__(self, status: int, detail: str, *, reason: Reason = Reason.MALFORMED, headers: Headers = ()) -> None:
        super().__init__(reason, detail)
        self.status = status
        self.headers = headers


def retry_after_of(refused: Refused) -> int | None:
    """Seconds after which it may be tried again: always some where the service is unavailable (503)."""
    if refused.retry_after is None and status_of(refused) == 503:
        return BUSY_SECONDS
    return refused.retry_after


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal."""
    return refused.status if isinstance(refused, EstRefusal) else STATUS_OF[refused.reason]
