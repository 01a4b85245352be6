"""Refusals as OCSP says them: OCSPResponseStatus (RFC 6960 4.2.1)."""

from enum import Enum

from emca_daemon.errors import Reason


class ResponseStatus(Enum):
    """OCSPResponseStatus, by its number; 4 is not used."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    SIG_REQUIRED = 5
    UNAUTHORIZED = 6


# The responder has no authoritative records of what it cannot find: that is `unauthorized` (RFC 9919 3.2.3).
STATUS_OF: dict[Reason, ResponseStatus] = {
    Reason.MALFORMED: ResponseStatus.MALFORMED_REQUEST,
    Reason.BAD_INTEGRITY: ResponseStatus.MALFORMED_REQUEST,
    Reason.BAD_PROOF_OF_POSSESSION: ResponseStatus.MALFORMED_REQUEST,
    Reason.NOT_AUTHENTICATED: ResponseStatus.SIG_REQUIRED,
    Reason.NOT_PERMITTED: ResponseStatus.UNAUTHORIZED,
    Reason.NAME_REFUSED: ResponseStatus.UNAUTHORIZED,
    Reason.KEY_REFUSED: ResponseStatus.UNAUTHORIZED,
    Reason.ALGORITHM_REFUSED: ResponseStatus.UNAUTHORIZED,
    Reason.PROFILE_REFUSED: ResponseStatus.UNAUTHORIZED,
    Reason.UNKNOWN_CERTIFICATE: ResponseStatus.UNAUTHORIZED,
    Reason.NOT_FOUND: ResponseStatus.UNAUTHORIZED,
    Reason.ALREADY_REVOKED: ResponseStatus.INTERNAL_ERROR,
    Reason.REPLAYED: ResponseStatus.MALFORMED_REQUEST,
    Reason.WRONG_STATE: ResponseStatus.TRY_LATER,
    Reason.RATE_LIMITED: ResponseStatus.TRY_LATER,
    Reason.UNAVAILABLE: ResponseStatus.TRY_LATER,
    Reason.INTERNAL: ResponseStatus.INTERNAL_ERROR,
}
"""What each reason becomes on the wire; complete, which a test holds."""
