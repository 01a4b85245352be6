"""Challenges whose proof comes with the response itself: judged in the request, nothing is fetched (RFC 8555 7.5.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from emca_daemon.ca.records import AuditValue
from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.errors import Problem, malformed
from emca_daemon.protocols.acme.limits import note_failure
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Authorization, Challenge
from emca_daemon.protocols.acme.states import (
    AUTHORIZATION_MOVES,
    CHALLENGE_MOVES,
    AuthorizationStatus,
    ChallengeStatus,
    authorization_status,
    move,
)


@dataclass(frozen=True, slots=True)
class Response:
    """A response to a challenge, and everything that judging it may need."""

    call: AccountCall
    tx: Writing
    authorization: Authorization
    challenge: Challenge
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Proof:
    """The response proves control, at the longest `until` then; `details` go into the audit event.

    With `attested_key`, SHA-256 over a SubjectPublicKeyInfo, it does so for that key alone.
    """

    details: Mapping[str, AuditValue] = field(default_factory=dict)
    until: datetime | None = None
    attested_key: bytes | None = None


Judge = Callable[[Response], Proof | Problem]
"""Says what a response is worth; raises malformed for one that is none, which leaves the challenge as it was."""


def check_pending(response: Response) -> None:
    """Raises malformed unless the challenge and its authorization still wait for a response."""
    status = authorization_status(response.authorization, response.call.now)
    if status is not AuthorizationStatus.PENDING or response.challenge.status is not ChallengeStatus.PENDING:
        raise malformed(f"the authorization is {status.value} and the challenge {response.challenge.status.value}")


def settle(response: Response, judge: Judge) -> Challenge:
    """The challenge as it is once it was judged, valid or invalid, and its authorization with it.

    Of two responses at once the slower finds the challenge being looked at. Raises malformed.
    """
    check_pending(response)
    verdict = judge(response)
    started = replace(
        response.challenge, status=move(CHALLENGE_MOVES, response.challenge.status, ChallengeStatus.PROCESSING)
    )
    try:
        response.tx.acme.update_challenge(started, ChallengeStatus.PENDING)
    except Refused:
        return started
    return _proved(response, started, verdict) if isinstance(verdict, Proof) else _failed(response, started, verdict)


def _proved(response: Response, started: Challenge, proof: Proof) -> Challenge:
    call, acme = response.call, response.tx.acme
    status = move(CHALLENGE_MOVES, started.status, ChallengeStatus.VALID)
    proved = replace(started, status=status, validated=call.now, attempts=1)
    acme.update_challenge(proved, started.status)
    expires = call.now + call.endpoint.settings.authorization_lifetime
    if proof.until is not None:
        expires = min(expires, proof.until)
    acme.prove_authorization(response.authorization.id, started.type, call.now, expires, proof.attested_key)
    acme.keep_only_challenge(response.authorization.id, started.id)
    _note(response, "success", proof.details)
    return proved


def _failed(response: Response, started: Challenge, problem: Problem) -> Challenge:
    call, authorization = response.call, response.authorization
    status = move(CHALLENGE_MOVES, started.status, ChallengeStatus.INVALID)
    failed = replace(started, status=status, errors=(*started.errors, problem.text()), attempts=1)
    response.tx.acme.update_challenge(failed, started.status)
    ended = move(AUTHORIZATION_MOVES, authorization.status, AuthorizationStatus.INVALID)
    response.tx.acme.update_authorization(authorization.id, authorization.status, ended, authorization.expires)
    limits, name = call.endpoint.settings.limits, authorization.identifier
    note_failure(response.tx, limits, call.endpoint.name, call.account.id, name, call.now)
    _note(response, "failed", {"problem": problem.type, "why": problem.detail})
    return failed


def _note(response: Response, outcome: str, details: Mapping[str, AuditValue]) -> None:
    subject, authorization = str(response.authorization.name), response.authorization
    noted = {"authorization": authorization.id, "method": response.challenge.type, **details}
    response.tx.audit.append(response.call.event("authorization.validate", subject, outcome, **noted))
