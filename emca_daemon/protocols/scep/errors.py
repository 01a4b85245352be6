"""Refusals as SCEP says them: failInfo (RFC 8894 3.2.1.4), and the total table from the daemon's reasons to it."""

from collections.abc import Mapping
from enum import Enum

from emca_daemon.errors import Reason


class FailInfo(Enum):
    """Why a request was refused."""

    BAD_ALG = "0"
    BAD_MESSAGE_CHECK = "1"
    BAD_REQUEST = "2"
    BAD_TIME = "3"
    BAD_CERT_ID = "4"


FAIL_INFO: Mapping[Reason, FailInfo | None] = {
    Reason.MALFORMED: FailInfo.BAD_REQUEST,
    Reason.BAD_INTEGRITY: FailInfo.BAD_MESSAGE_CHECK,
    Reason.BAD_PROOF_OF_POSSESSION: FailInfo.BAD_REQUEST,
    Reason.NOT_AUTHENTICATED: FailInfo.BAD_REQUEST,
    Reason.NOT_PERMITTED: FailInfo.BAD_REQUEST,
    Reason.NAME_REFUSED: FailInfo.BAD_REQUEST,
    Reason.KEY_REFUSED: FailInfo.BAD_REQUEST,
    Reason.ALGORITHM_REFUSED: FailInfo.BAD_ALG,
    Reason.PROFILE_REFUSED: FailInfo.BAD_REQUEST,
    Reason.UNKNOWN_CERTIFICATE: FailInfo.BAD_CERT_ID,
    Reason.NOT_FOUND: FailInfo.BAD_CERT_ID,
    Reason.ALREADY_REVOKED: FailInfo.BAD_REQUEST,
    Reason.REPLAYED: FailInfo.BAD_REQUEST,
    Reason.WRONG_STATE: FailInfo.BAD_REQUEST,
    Reason.RATE_LIMITED: None,
    Reason.UNAVAILABLE: None,
    Reason.INTERNAL: None,
}
"""What each reason is to a client; None: no reply of SCEP's own says "later", so HTTP does (503)."""
