"""Reading a challenge and responding to it (RFC 8555 7.5.1)."""

from collections.abc import Mapping
from dataclasses import replace

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.answering import Judge, Response, settle
from emca_daemon.protocols.acme.attesting import judge_attestation
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.challenges import DEVICE_ATTEST_01, ONION_CSR_01, TKAUTH_01
from emca_daemon.protocols.acme.documents import challenge_document, retry_after
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.onion_csr import judge_onion_csr
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Authorization, Challenge
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.states import (
    CHALLENGE_MOVES,
    AuthorizationStatus,
    ChallengeStatus,
    authorization_status,
    move,
)
from emca_daemon.protocols.acme.tasks import ValidationTask, lease_end, task_of
from emca_daemon.protocols.acme.tkauth import judge_tkauth

JUDGES: Mapping[str, Judge] = {
    DEVICE_ATTEST_01: judge_attestation,
    ONION_CSR_01: judge_onion_csr,
    TKAUTH_01: judge_tkauth,
}
"""How the challenges are judged that bring their proof with the response; all others are validated afterwards."""


def challenge(call: AccountCall, tx: Writing) -> Reply:
    """Return a challenge; a payload says that it is ready to be validated.

    Saying so again while it is being validated, or afterwards, changes nothing and is no fault: clients do so.
    """
    (challenge_id,) = call.parameters
    authorization = tx.acme.challenged(challenge_id)
    if authorization is None or authorization.endpoint != call.endpoint.name:
        raise malformed("there is no such challenge", 404)
    call.require_own(authorization.account_id)
    current = next(one for one in authorization.challenges if one.id == challenge_id)
    due = None
    if not call.is_read:
        payload = call.payload()
        if current.status not in {ChallengeStatus.PROCESSING, ChallengeStatus.VALID}:
            judge = JUDGES.get(current.type)
            if judge is None:
                current, due = _start(call, tx, authorization, current)
            else:
                current = settle(Response(call, tx, authorization, current, payload), judge)
    link = {"Link": f'<{call.endpoint.authorization_url(authorization.id)}>;rel="up"'}
    seen = replace(authorization, challenges=(current,))
    document = challenge_document(call.endpoint, current)
    return Reply(200, document, headers={**link, **retry_after(seen, call.now)}, due=due)


def _start(
    call: AccountCall, tx: Writing, authorization: Authorization, current: Challenge
) -> tuple[Challenge, ValidationTask | None]:
    """The challenge as it is then, claimed for whoever has the time; no task if another request was faster."""
    status = authorization_status(authorization, call.now)
    if status is not AuthorizationStatus.PENDING or current.status is not ChallengeStatus.PENDING:
        raise malformed(f"the authorization is {status.value} and the challenge {current.status.value}")
    settings, holder = call.endpoint.settings, call.endpoint.validations.holder()
    started = replace(
        current,
        status=move(CHALLENGE_MOVES, current.status, ChallengeStatus.PROCESSING),
        next_attempt=call.now,
        lease_holder=holder,
        lease_until=lease_end(settings, call.now) if holder else None,
    )
    try:
        tx.acme.update_challenge(started, ChallengeStatus.PENDING)
    except Refused:
        return started, None
    return started, task_of(authorization, started, settings, call.account, holder)
