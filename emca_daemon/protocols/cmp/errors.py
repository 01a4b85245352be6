"""Refusals as CMP says them: PKIFailureInfo (RFC 9810 5.2.3, RFC 9483 3.6.4)."""

from emca_daemon.asn1.cmp_status import FailInfo, Status, StatusInfo
from emca_daemon.errors import Reason, Refused

FAIL_INFO_OF: dict[Reason, FailInfo] = {
    Reason.MALFORMED: FailInfo.BAD_DATA_FORMAT,
    Reason.BAD_INTEGRITY: FailInfo.BAD_MESSAGE_CHECK,
    Reason.BAD_PROOF_OF_POSSESSION: FailInfo.BAD_POP,
    Reason.NOT_AUTHENTICATED: FailInfo.BAD_MESSAGE_CHECK,
    Reason.NOT_PERMITTED: FailInfo.NOT_AUTHORIZED,
    Reason.NAME_REFUSED: FailInfo.BAD_CERT_TEMPLATE,
    Reason.KEY_REFUSED: FailInfo.BAD_CERT_TEMPLATE,
    Reason.ALGORITHM_REFUSED: FailInfo.BAD_ALG,
    Reason.PROFILE_REFUSED: FailInfo.BAD_CERT_TEMPLATE,
    Reason.UNKNOWN_CERTIFICATE: FailInfo.BAD_CERT_ID,
    Reason.NOT_FOUND: FailInfo.BAD_REQUEST,
    Reason.ALREADY_REVOKED: FailInfo.CERT_REVOKED,
    Reason.REPLAYED: FailInfo.TRANSACTION_ID_IN_USE,
    Reason.WRONG_STATE: FailInfo.BAD_REQUEST,
    Reason.RATE_LIMITED: FailInfo.SYSTEM_UNAVAIL,
    Reason.UNAVAILABLE: FailInfo.SYSTEM_UNAVAIL,
    Reason.INTERNAL: FailInfo.SYSTEM_FAILURE,
}
"""What each reason becomes on the wire; complete, which a test holds."""

_REASON_OF = {
    FailInfo.BAD_ALG: Reason.ALGORITHM_REFUSED,
    FailInfo.BAD_MESSAGE_CHECK: Reason.NOT_AUTHENTICATED,
    FailInfo.WRONG_INTEGRITY: Reason.NOT_AUTHENTICATED,
    FailInfo.SIGNER_NOT_TRUSTED: Reason.NOT_AUTHENTICATED,
    FailInfo.BAD_DATA_FORMAT: Reason.MALFORMED,
    FailInfo.BAD_POP: Reason.BAD_PROOF_OF_POSSESSION,
    FailInfo.NOT_AUTHORIZED: Reason.NOT_PERMITTED,
    FailInfo.BAD_CERT_TEMPLATE: Reason.PROFILE_REFUSED,
    FailInfo.BAD_CERT_ID: Reason.UNKNOWN_CERTIFICATE,
    FailInfo.CERT_REVOKED: Reason.ALREADY_REVOKED,
    FailInfo.TRANSACTION_ID_IN_USE: Reason.REPLAYED,
    FailInfo.DUPLICATE_CERT_REQ: Reason.KEY_REFUSED,
    FailInfo.CERT_CONFIRMED: Reason.WRONG_STATE,
}
_EXTENSIONS = "requested_extensions."


class Failure(Refused):
    """A refusal in CMP's own words, which are finer than the reasons.

    `of_message` says that it is about the message, not about what it asks for: it is answered by an `error` message
    even where the request has an answer of its own (RFC 9483 3.6.2).
    """

    def __init__(self, failure: FailInfo, detail: str, *, of_message: bool = False) -> None:
        super().__init__(_REASON_OF.get(failure, Reason.MALFORMED), detail)
        self.failure = failure
        self.of_message = of_message


class WrongSecret(Failure):
    """A MAC by none of the secrets: badMessageCheck, in the same words whoever it claims to be from.

    `reference` is the one that it claims, if there is such a one, `count` how many in a row there were for it.
    """

    def __init__(self, detail: str, reference: str, count: int) -> None:
        super().__init__(FailInfo.BAD_MESSAGE_CHECK, detail, of_message=True)
        self.reference = reference
        self.count = count


def failure_of(refusal: Refused) -> FailInfo:
    """The bit that stands for a refusal."""
    if isinstance(refusal, Failure):
        return refusal.failure
    if refusal.mismatches and refusal.mismatches[0].field.startswith(_EXTENSIONS):
        return FailInfo.UNACCEPTED_EXTENSION
    return FAIL_INFO_OF[refusal.reason]


def rejection(refusal: Refused) -> StatusInfo:
    """The status that stands for a refusal, with everything that was wrong as its text."""
    return StatusInfo(Status.REJECTION, str(refusal), failure_of(refusal))
