"""How authorizations and challenges lie in their rows."""

import json

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.records import Authorization, Challenge
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus
from emca_daemon.store.statements import Row


def challenge_values(challenge: Challenge) -> dict[str, object]:
    """The columns of a challenge that change."""
    return {
        "status": challenge.status.value,
        "validated": challenge.validated,
        "errors": json.dumps(challenge.errors),
        "attempts": challenge.attempts,
        "next_attempt": challenge.next_attempt,
        "lease_holder": challenge.lease_holder,
        "lease_until": challenge.lease_until,
    }


def challenge_of(row: Row) -> Challenge:
    """The challenge in a row whose columns are labelled `c_...`."""
    return Challenge(
        id=row.c_id,
        authorization_id=row.c_authorization_id,
        type=row.c_type,
        token=row.c_token,
        status=ChallengeStatus(row.c_status),
        validated=row.c_validated,
        errors=tuple(json.loads(row.c_errors)),
        attempts=row.c_attempts,
        next_attempt=row.c_next_attempt,
        lease_holder=row.c_lease_holder,
        lease_until=row.c_lease_until,
    )


def authorization_of(row: Row, challenges: tuple[Challenge, ...]) -> Authorization:
    """The authorization in a row."""
    return Authorization(
        id=row.id,
        endpoint=row.endpoint,
        account_id=row.account_id,
        identifier=AlternativeName(NameType(row.type), row.value),
        wildcard=row.wildcard,
        status=AuthorizationStatus(row.status),
        expires=row.expires,
        created=row.created,
        challenges=challenges,
        method=row.method,
        proved=row.proved,
        subdomains=bool(row.subdomains),
        attested_key=None if row.attested_key is None else bytes(row.attested_key),
    )
