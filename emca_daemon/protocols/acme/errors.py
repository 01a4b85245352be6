"""Problem documents (RFC 8555 6.7, RFC 9457), and the total table from the daemon's reasons to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from emca_daemon.errors import Reason, Refused

NAMESPACE = "urn:ietf:params:acme:error:"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem document.

    `type` is a name of the registry (RFC 8555 9.7.4) without its prefix, `status` the HTTP status; `identifier` is
    the identifier object of a subproblem; `members` are further top-level members (`algorithms`, `instance`).
    """

    type: str
    detail: str
    status: int = 400
    identifier: Mapping[str, str] | None = None
    subproblems: tuple["Problem", ...] = ()
    members: Mapping[str, object] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """The JSON object."""
        document: dict[str, object] = {"type": NAMESPACE + self.type, "detail": self.detail, "status": self.status}
        if self.identifier is not None:
            document["identifier"] = dict(self.identifier)
        if self.subproblems:
            document["subproblems"] = [problem.document() for problem in self.subproblems]
        return {**document, **self.members}

    def text(self) -> str:
        """The document as JSON text, as it is stored with challenges and orders."""
        return json.dumps(self.document(), separators=(",", ":"))


class AcmeRefusal(Refused):
    """A refusal for which RFC 8555 has a type of its own; `headers` go with the answer."""

    def __init__(
        self, problem: Problem, *, reason: Reason = Reason.MALFORMED, headers: Mapping[str, str] | None = None
    ):
        super().__init__(reason, problem.detail)
        self.problem = problem
        self.headers = dict(headers or {})


TABLE: Mapping[Reason, tuple[str, int]] = {
    Reason.MALFORMED: ("malformed", 400),
    Reason.BAD_INTEGRITY: ("malformed", 400),
    Reason.BAD_PROOF_OF_POSSESSION: ("badCSR", 400),
    Reason.NOT_AUTHENTICATED: ("unauthorized", 401),
    Reason.NOT_PERMITTED: ("unauthorized", 403),
    Reason.NAME_REFUSED: ("rejectedIdentifier", 400),
    Reason.KEY_REFUSED: ("badPublicKey", 400),
    Reason.ALGORITHM_REFUSED: ("badSignatureAlgorithm", 400),
    Reason.PROFILE_REFUSED: ("malformed", 400),
    Reason.UNKNOWN_CERTIFICATE: ("malformed", 404),
    Reason.NOT_FOUND: ("malformed", 404),
    Reason.ALREADY_REVOKED: ("alreadyRevoked", 400),
    Reason.REPLAYED: ("badNonce", 400),
    Reason.WRONG_STATE: ("orderNotReady", 403),
    Reason.RATE_LIMITED: ("rateLimited", 429),
    Reason.UNAVAILABLE: ("serverInternal", 503),
    Reason.INTERNAL: ("serverInternal", 500),
}
"""What each reason means to an ACME client."""

CSR_TABLE: Mapping[Reason, tuple[str, int]] = {
    **TABLE,
    **dict.fromkeys(
        (Reason.MALFORMED, Reason.BAD_INTEGRITY, Reason.NAME_REFUSED, Reason.KEY_REFUSED, Reason.ALGORITHM_REFUSED),
        ("badCSR", 400),
    ),
    Reason.PROFILE_REFUSED: ("badCSR", 400),
}
"""The same while a CSR is judged: whatever is wrong with it is badCSR (RFC 8555 7.4)."""


def problem_of(refused: Refused, table: Mapping[Reason, tuple[str, int]] = TABLE) -> Problem:
    """The problem document of a refusal, every mismatch told in its detail."""
    if isinstance(refused, AcmeRefusal):
        return refused.problem
    kind, status = table[refused.reason]
    return Problem(kind, str(refused), status)


def malformed(detail: str, status: int = 400) -> AcmeRefusal:
    """The request is malformed."""
    return AcmeRefusal(Problem("malformed", detail, status))


def unauthorized(detail: str, status: int = 403) -> AcmeRefusal:
    """The client may not do this."""
    return AcmeRefusal(Problem("unauthorized", detail, status), reason=Reason.NOT_PERMITTED)
