"""ACME's authorizations and their challenges."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.records import Authorization, Challenge
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus
from emca_daemon.store.acme_challenge_rows import authorization_of, challenge_of, challenge_values
from emca_daemon.store.acme_tables import PROCESSING, authorizations, challenges
from emca_daemon.store.statements import Statement

_MOST_REUSABLE = 1000

_a, _c = authorizations.c, challenges.c
_BOTH = select(authorizations, *(column.label(f"c_{column.name}") for column in _c)).outerjoin(
    challenges, _c.authorization_id == _a.id
)
_GET = Statement(_BOTH.where(_a.id == bindparam("id")).order_by(_c.position))
_OF_CHALLENGE = select(_c.authorization_id).where(_c.id == bindparam("id")).scalar_subquery()
_CHALLENGED = Statement(_BOTH.where(_a.id == _OF_CHALLENGE).order_by(_c.position))
_VALID = (
    select(authorizations)
    .where(
        _a.account_id == bindparam("account_id"),
        _a.status == AuthorizationStatus.VALID.value,
        _a.expires > bindparam("until"),
    )
    .order_by(_a.expires.desc(), _a.id)
    .limit(_MOST_REUSABLE)
)
_HELD = (
    update(challenges).where(_c.status == PROCESSING, _c.lease_holder != "").values(lease_holder="", lease_until=None)
)
_RELEASE_ALL, _RELEASE = Statement(_HELD), Statement(_HELD.where(_c.lease_holder == bindparam("b_holder")))
_UNHELD = or_(_c.lease_until.is_(None), _c.lease_until <= bindparam("now"))
_DUE = Statement(
    select(_c.id)
    .where(_c.status == PROCESSING, _c.next_attempt <= bindparam("now"), _UNHELD)
    .order_by(_c.next_attempt, _c.id)
    .limit(bindparam("most"))
)

_INSERT, _INSERT_CHALLENGES = Statement(insert(authorizations).inline()), Statement(insert(challenges).inline())
_UPDATE = Statement(
    update(authorizations)
    .where(_a.id == bindparam("b_id"), _a.status == bindparam("b_expected"))
    .values(status=bindparam("status"), expires=bindparam("expires"))
)
_PROVE = Statement(
    update(authorizations)
    .where(_a.id == bindparam("b_id"), _a.status == AuthorizationStatus.PENDING.value)
    .values(
        status=AuthorizationStatus.VALID.value,
        expires=bindparam("expires"),
        proved=bindparam("proved"),
        method=bindparam("method"),
        attested_key=bindparam("attested_key"),
    )
)
_DEACTIVATE = Statement(
    update(authorizations)
    .where(_a.account_id == bindparam("b_account_id"), _a.status == AuthorizationStatus.PENDING.value)
    .values(status=AuthorizationStatus.DEACTIVATED.value)
)
_CHANGED = ("status", "validated", "errors", "attempts", "next_attempt", "lease_holder", "lease_until")
_UPDATE_CHALLENGE = Statement(
    update(challenges)
    .where(_c.id == bindparam("b_id"), _c.status == bindparam("b_expected"))
    .values({name: bindparam(name) for name in _CHANGED})
)
_KEEP_ONLY = Statement(
    delete(challenges).where(_c.authorization_id == bindparam("b_authorization_id"), _c.id != bindparam("b_keep"))
)
_LEASE = Statement(
    update(challenges)
    .where(_c.id == bindparam("b_id"), _c.status == PROCESSING, _c.next_attempt <= bindparam("now"), _UNHELD)
    .values(lease_holder=bindparam("holder"), lease_until=bindparam("until"))
)


class AuthorizationRows:
    """The part of `protocols.acme.ports.AcmeReader` about authorizations and challenges."""

    __slots__ = ()

    _connection: Connection

    def authorization(self, authorization_id: str) -> Authorization | None:
        """One authorization with its challenges; one statement."""
        return self._one(_GET, authorization_id)

    def challenged(self, challenge_id: str) -> Authorization | None:
        """The authorization that a challenge belongs to, with all its challenges; one statement."""
        return self._one(_CHALLENGED, challenge_id)

    def valid_authorizations(
        self, account_id: str, identifiers: Sequence[AlternativeName], now: datetime
    ) -> Sequence[Authorization]:
        """The account's valid authorizations for any of these identifiers, longest-lived first, no challenges."""
        if not identifiers:
            return []
        values = {f"value_{place}": identifier.value for place, identifier in enumerate(identifiers)}
        given = {"account_id": account_id, "until": now, **values}
        found = (authorization_of(row, ()) for row in _valid_for(tuple(values)).all(self._connection, given))
        return [one for one in found if one.identifier in identifiers]

    def due_challenges(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of processing challenges whose next attempt is due and that nobody holds, longest due first."""
        return [row.id for row in _DUE.all(self._connection, {"now": now, "most": limit})]

    def _one(self, statement: Statement, row_id: str) -> Authorization | None:
        rows = statement.all(self._connection, {"id": row_id})
        if not rows:
            return None
        return authorization_of(rows[0], tuple(challenge_of(row) for row in rows if row.c_id is not None))


class AuthorizationWriter(AuthorizationRows):
    """The part of `protocols.acme.ports.AcmeRows` about authorizations and challenges."""

    __slots__ = ()

    def add_authorizations(self, fresh: Sequence[Authorization]) -> None:
        """Keep new authorizations with their challenges."""
        if not fresh:
            return
        _INSERT.run_each(self._connection, [_values(one) for one in fresh])
        _INSERT_CHALLENGES.run_each(
            self._connection,
            [
                {
                    "id": challenge.id,
                    "authorization_id": one.id,
                    "position": position,
                    "type": challenge.type,
                    "token": challenge.token,
                    **challenge_values(challenge),
                }
                for one in fresh
                for position, challenge in enumerate(one.challenges)
            ],
        )

    def update_authorization(
        self, authorization_id: str, old: AuthorizationStatus, new: AuthorizationStatus, expires: datetime
    ) -> None:
        """Move an authorization; raises Refused(WRONG_STATE) unless it still is in the old state."""
        given = {"b_id": authorization_id, "b_expected": old.value, "status": new.value, "expires": expires}
        if _UPDATE.run(self._connection, given) != 1:
            raise Refused(Reason.WRONG_STATE, f"the authorization is not {old.value} any more")

    def prove_authorization(
        self,
        authorization_id: str,
        method: str,
        now: datetime,
        expires: datetime,
        attested_key: bytes | None = None,
    ) -> None:
        """Make a pending authorization valid; raises Refused(WRONG_STATE) unless it still is pending."""
        given = {
            "b_id": authorization_id,
            "method": method,
            "proved": now,
            "expires": expires,
            "attested_key": attested_key,
        }
        if _PROVE.run(self._connection, given) != 1:
            raise Refused(Reason.WRONG_STATE, "the authorization is not pending any more")

    def deactivate_authorizations(self, account_id: str) -> None:
        """Deactivate every pending authorization of an account."""
        _DEACTIVATE.run(self._connection, {"b_account_id": account_id})

    def update_challenge(self, challenge: Challenge, expected: ChallengeStatus) -> None:
        """Replace a challenge; raises Refused(WRONG_STATE) unless it still is in the expected state."""
        given = {"b_id": challenge.id, "b_expected": expected.value, **challenge_values(challenge)}
        if _UPDATE_CHALLENGE.run(self._connection, given) != 1:
            raise Refused(Reason.WRONG_STATE, f"the challenge is not {expected.value} any more")

    def keep_only_challenge(self, authorization_id: str, challenge_id: str) -> None:
        """Drop the other challenges of an authorization."""
        _KEEP_ONLY.run(self._connection, {"b_authorization_id": authorization_id, "b_keep": challenge_id})

    def release_challenges(self, holder: str | None = None) -> None:
        """End the claims of one holder, or those of everybody."""
        if holder is None:
            _RELEASE_ALL.run(self._connection, {})
        else:
            _RELEASE.run(self._connection, {"b_holder": holder})

    def lease_challenge(self, challenge_id: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take a due, processing challenge that nobody holds; False if it is not there to be taken."""
        given = {"b_id": challenge_id, "holder": holder, "now": now, "until": until}
        return _LEASE.run(self._connection, given) == 1


@lru_cache(maxsize=128)
def _valid_for(names: tuple[str, ...]) -> Statement:
    """The question for as many values as there are names for them."""
    return Statement(_VALID.where(_a.value.in_([bindparam(name) for name in names])))


def _values(one: Authorization) -> dict[str, object]:
    return {
        "id": one.id,
        "endpoint": one.endpoint,
        "account_id": one.account_id,
        "type": one.identifier.type.value,
        "value": one.identifier.value,
        "wildcard": one.wildcard,
        "status": one.status.value,
        "expires": one.expires,
        "created": one.created,
        "method": one.method,
        "proved": one.proved,
        "subdomains": one.subdomains,
        "attested_key": one.attested_key,
    }
