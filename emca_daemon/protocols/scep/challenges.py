"""What a client must know to get its first certificate: the port, and the two policies that need nobody else."""

import hmac
from dataclasses import dataclass, field
from typing import Protocol

from emca_daemon.ca.cycle import Companion, NoCompanion
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import RequestFacts


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as a challenge policy sees it.

    `password` is the challengePassword, None where there is none; `request` the PKCS #10 request in DER; `transaction`
    names the request (`records.transaction_name`), the same again for a retry.
    """

    endpoint: str
    transaction_id: bytes
    password: bytes | None = field(repr=False)
    facts: RequestFacts
    request: bytes = field(repr=False)
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """That a client may ask.

    `proof` is how that was shown, `identity` who it is (empty: the subject that the request names). `needs_person`
    says that nothing was shown and a person must look, whatever the profile would allow. `companion` writes in the
    CA's own transactions: a challenge that can be used once is used up with the intent, and only then.
    """

    proof: str
    identity: str = ""
    needs_person: bool = False
    companion: Companion = field(default_factory=NoCompanion)


class Challenges(Protocol):
    """A challenge policy of one endpoint."""

    def check(self, attempt: Attempt) -> Admission:
        """Let a request in; raises Refused(NOT_AUTHENTICATED).

        Asked once for each new request: the same request again is answered from what is remembered. Where the answer
        got lost before anything was remembered it is asked again, and must then say the same for the same
        transactionID and key: a retry never uses up a challenge twice.
        """

    def passwords(self) -> tuple[bytes, ...]:
        """What a client may have encrypted its request with, in the place of the RA's key; none: nothing."""

    def succeeded(self, attempt: Attempt, certificate: bytes) -> None:
        """Told once a certificate (DER) is recorded, for policies that tell somebody else; must not raise."""

    def failed(self, attempt: Attempt, detail: str) -> None:
        """Told when an admitted request was refused after all, which an outage is not; must not raise."""


class TellsNobody:
    """What policies share that tell nobody else how it ended, and encrypt with nothing."""

    def passwords(self) -> tuple[bytes, ...]:
        """None."""
        return ()

    def succeeded(self, attempt: Attempt, certificate: bytes) -> None:
        """Nobody else is told."""

    def failed(self, attempt: Attempt, detail: str) -> None:
        """Nobody else is told."""


class NoChallenge(TellsNobody):
    """Nothing is asked: a person looks at every request."""

    def check(self, _attempt: Attempt) -> Admission:
        """Everybody may ask."""
        return Admission("none", needs_person=True)


class StaticChallenge(TellsNobody):
    """One secret for everybody."""

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError for an empty secret, which everybody would know."""
        if not secret:
            raise ValueError("an empty secret")
        self._secret = secret

    def check(self, attempt: Attempt) -> Admission:
        """Whoever knows it; nothing is trimmed."""
        if not hmac.compare_digest(attempt.password or b"", self._secret):
            raise Refused(Reason.NOT_AUTHENTICATED, "the challenge password is missing or wrong")
        return Admission("challenge")

    def passwords(self) -> tuple[bytes, ...]:
        """The secret."""
        return (self._secret,)
