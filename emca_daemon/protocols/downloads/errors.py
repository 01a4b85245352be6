"""Refusals as downloads say them: HTTP status codes."""

from emca_daemon.errors import Reason

STATUS_OF: dict[Reason, int] = {
    Reason.MALFORMED: 400,
    Reason.BAD_INTEGRITY: 500,
    Reason.BAD_PROOF_OF_POSSESSION: 403,
    Reason.NOT_AUTHENTICATED: 403,
    Reason.NOT_PERMITTED: 403,
    Reason.NAME_REFUSED: 404,
    Reason.KEY_REFUSED: 500,
    Reason.ALGORITHM_REFUSED: 500,
    Reason.PROFILE_REFUSED: 500,
    Reason.UNKNOWN_CERTIFICATE: 404,
    Reason.NOT_FOUND: 404,
    Reason.ALREADY_REVOKED: 500,
    Reason.REPLAYED: 400,
    Reason.WRONG_STATE: 503,
    Reason.RATE_LIMITED: 429,
    Reason.UNAVAILABLE: 503,
    Reason.INTERNAL: 500,
}
"""What each reason becomes on the wire; complete, which a test holds."""
