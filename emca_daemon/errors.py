"""The one closed list of reasons for which the daemon says no, or not yet."""

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """Why something was refused; every protocol maps the whole list to its own wire form."""

    MALFORMED = "malformed"
    BAD_INTEGRITY = "bad integrity"
    BAD_PROOF_OF_POSSESSION = "bad proof of possession"
    NOT_AUTHENTICATED = "not authenticated"
    NOT_PERMITTED = "not permitted"
    NAME_REFUSED = "name refused"
    KEY_REFUSED = "key refused"
    ALGORITHM_REFUSED = "algorithm refused"
    PROFILE_REFUSED = "profile refused"
    UNKNOWN_CERTIFICATE = "unknown certificate"
    NOT_FOUND = "not found"
    ALREADY_REVOKED = "already revoked"
    REPLAYED = "replayed"
    WRONG_STATE = "wrong state"
    RATE_LIMITED = "rate limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One way in which a request differs from what policy allows.

    `field` is what it is about (for a name its text, for a profile rule the key path), `detail` one sentence for
    the requester, `reason` the kind of refusal that this mismatch alone would cause.
    """

    field: str
    detail: str
    reason: Reason


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """The answer is no: the only exception that protocols turn into a reply of their own."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        mismatches: tuple[Mismatch, ...] = (),
        *,
        retry_after: int | None = None,
    ) -> None:
        """`retry_after` is in seconds, for refusals that pass with time."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.mismatches = mismatches
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The detail, followed by each mismatch."""
        if not self.mismatches:
            return self.detail
        return f"{self.detail}: " + "; ".join(
            f"{m.field}: {m.detail}" if m.field else m.detail for m in self.mismatches
        )


@dataclass(frozen=True, slots=True)
class Pending:
    """The answer is not yet: a person must approve; `request_id` finds the waiting request again."""

    request_id: str
