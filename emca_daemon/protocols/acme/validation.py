"""Who validates which challenge when, and what comes of it; the fetching itself is somebody else's.

A worker claims a challenge (a lease in the store, so that no two workers or hosts do the same and the work of a
crashed one is taken up again), fetches, has the answer judged (`challenges.judge_*`) and reports.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from emca_daemon.ca.records import AuditEvent, AuditValue
from emca_daemon.clock import Clock
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.limits import note_failure
from emca_daemon.protocols.acme.ports import AcmeStore, Writing
from emca_daemon.protocols.acme.records import Authorization, Challenge
from emca_daemon.protocols.acme.states import (
    AUTHORIZATION_MOVES,
    CHALLENGE_MOVES,
    AuthorizationStatus,
    ChallengeStatus,
    authorization_status,
    move,
)
from emca_daemon.protocols.acme.tasks import ValidationTask, lease_end, task_of
from emca_daemon.settings.acme import AcmeSettings


class ValidationDesk:
    """Hands out validation tasks and takes their results; one write transaction each."""

    def __init__(self, store: AcmeStore, settings: Mapping[str, AcmeSettings], clock: Clock) -> None:
        """`settings` are those of every endpoint, by name."""
        self._store = store
        self._settings = settings
        self._clock = clock

    def claim(self, challenge_id: str, holder: str) -> ValidationTask | None:
        """Take a challenge that is due; None if it is not, or somebody else has it."""
        with self._store.writing() as tx:
            return self._claim(tx, challenge_id, holder)

    def due(self, holder: str, limit: int) -> list[ValidationTask]:
        """Take up to `limit` challenges that are due: retries, and what a crashed worker left behind."""
        now = self._clock()
        with self._store.reading() as tx:
            waiting = tx.acme.due_challenges(now, limit)
        if not waiting:
            return []
        with self._store.writing() as tx:
            claimed = [self._claim(tx, challenge_id, holder) for challenge_id in waiting]
        return [task for task in claimed if task is not None]

    def release(self, holder: str) -> None:
        """Leave what that holder has not reported on to the others, at once."""
        with self._store.writing(durable=False) as tx:
            tx.acme.release_challenges(holder)

    def succeed(self, task: ValidationTask, details: Mapping[str, AuditValue], until: datetime | None = None) -> None:
        """The challenge is proved, at the longest `until` then: it and its authorization become valid.

        `details` go into the audit event.

        Nobody waits for the disk here: whatever is issued on the strength of it is written after it, and lasts only
        together with it; without it the challenge is still due, and proved again.
        """
        now = self._clock()
        with self._store.writing(durable=False) as tx:
            found = _current(tx, task, now)
            if found is None:
                return
            authorization, challenge = found
            status = move(CHALLENGE_MOVES, challenge.status, ChallengeStatus.VALID)
            tx.acme.update_challenge(
                replace(challenge, status=status, validated=now, next_attempt=None, lease_holder="", lease_until=None),
                ChallengeStatus.PROCESSING,
            )
            expires = now + self._settings[task.endpoint].authorization_lifetime
            expires = expires if until is None else min(expires, until)
            tx.acme.prove_authorization(authorization.id, challenge.type, now, expires)
            tx.acme.keep_only_challenge(authorization.id, challenge.id)
            tx.audit.append(_event(task, authorization, now, "success", details))

    def fail(self, task: ValidationTask, problem: Problem, *, retry: bool) -> None:
        """The attempt failed: another follows later, or challenge, authorization and thereby the order are invalid."""
        now = self._clock()
        settings = self._settings[task.endpoint]
        with self._store.writing() as tx:
            found = _current(tx, task, now)
            if found is None:
                return
            authorization, challenge = found
            again = retry and task.attempt < settings.validation_attempts
            noted = replace(
                challenge,
                errors=(*challenge.errors, problem.text()),
                attempts=task.attempt,
                lease_holder="",
                lease_until=None,
            )
            if again:
                delay = settings.validation_interval * 2 ** (task.attempt - 1)
                tx.acme.update_challenge(replace(noted, next_attempt=now + delay), ChallengeStatus.PROCESSING)
                return
            status = move(CHALLENGE_MOVES, challenge.status, ChallengeStatus.INVALID)
            tx.acme.update_challenge(replace(noted, status=status, next_attempt=None), ChallengeStatus.PROCESSING)
            _move_authorization(tx, authorization, AuthorizationStatus.INVALID, authorization.expires)
            note_failure(tx, settings.limits, task.endpoint, authorization.account_id, authorization.identifier, now)
            tx.audit.append(
                _event(task, authorization, now, "failed", {"problem": problem.type, "why": problem.detail})
            )

    def put_off(self, task: ValidationTask, delay: timedelta) -> None:
        """There is nothing to judge yet; looking was no attempt."""
        now = self._clock()
        with self._store.writing(durable=False) as tx:
            found = _current(tx, task, now)
            if found is not None:
                waiting = replace(found[1], next_attempt=now + delay, lease_holder="", lease_until=None)
                tx.acme.update_challenge(waiting, ChallengeStatus.PROCESSING)

    def _claim(self, tx: Writing, challenge_id: str, holder: str) -> ValidationTask | None:
        now = self._clock()
        authorization = tx.acme.challenged(challenge_id)
        if authorization is None or authorization.endpoint not in self._settings:
            return None
        settings = self._settings[authorization.endpoint]
        if not tx.acme.lease_challenge(challenge_id, holder, now, lease_end(settings, now)):
            return None
        account = tx.acme.account(authorization.account_id)
        challenge = _challenge(authorization, challenge_id)
        if account is None or challenge is None:
            return None
        return task_of(authorization, challenge, settings, account, holder)


def _challenge(authorization: Authorization, challenge_id: str) -> Challenge | None:
    return next((one for one in authorization.challenges if one.id == challenge_id), None)


def _current(tx: Writing, task: ValidationTask, now: datetime) -> tuple[Authorization, Challenge] | None:
    """The rows behind a task, None once its result no longer matters: taken over by another, or given up.

    A challenge whose authorization was deactivated or expired meanwhile is closed on the way.
    """
    authorization = tx.acme.challenged(task.challenge_id)
    challenge = None if authorization is None else _challenge(authorization, task.challenge_id)
    if authorization is None or challenge is None or challenge.status is not ChallengeStatus.PROCESSING:
        return None
    if challenge.lease_holder != task.holder or challenge.attempts + 1 != task.attempt:
        return None
    if authorization_status(authorization, now) is not AuthorizationStatus.PENDING:
        closed = replace(challenge, status=ChallengeStatus.INVALID, next_attempt=None, lease_holder="")
        tx.acme.update_challenge(closed, ChallengeStatus.PROCESSING)
        return None
    return authorization, challenge


def _move_authorization(tx: Writing, authorization: Authorization, new: AuthorizationStatus, expires: datetime) -> None:
    move(AUTHORIZATION_MOVES, authorization.status, new)
    tx.acme.update_authorization(authorization.id, authorization.status, new, expires)


def _event(
    task: ValidationTask,
    authorization: Authorization,
    now: datetime,
    outcome: str,
    details: Mapping[str, AuditValue],
) -> AuditEvent:
    return AuditEvent(
        at=now,
        actor=f"acme:{task.endpoint}:{authorization.account_id}",
        proof=task.type,
        origin=task.endpoint,
        request_id=task.challenge_id,
        action="authorization.validate",
        subject=str(authorization.name),
        outcome=outcome,
        details={"authorization": authorization.id, "attempt": task.attempt, **details},
    )
