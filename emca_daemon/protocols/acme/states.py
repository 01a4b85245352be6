"""The state machines of RFC 8555 7.1.6 as data, and the one state that is derived: an order's."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar

from emca_daemon.errors import Reason, Refused


class AccountStatus(Enum):
    """Where an account stands; both ends are final."""

    VALID = "valid"
    DEACTIVATED = "deactivated"
    REVOKED = "revoked"


class AuthorizationStatus(Enum):
    """Where an authorization stands; EXPIRED is derived from the time and never stored."""

    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ChallengeStatus(Enum):
    """Where a challenge stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"


class OrderStage(Enum):
    """What is stored of an order: while OPEN its status follows from its authorizations and the time."""

    OPEN = "open"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"
    CANCELED = "canceled"
    """Its automatic renewal was (RFC 8739)."""


class OrderStatus(Enum):
    """Where an order stands as the client sees it."""

    PENDING = "pending"
    READY = "ready"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"
    CANCELED = "canceled"


State = TypeVar("State", AccountStatus, AuthorizationStatus, ChallengeStatus, OrderStage)

ACCOUNT_MOVES: Mapping[AccountStatus, frozenset[AccountStatus]] = {
    AccountStatus.VALID: frozenset({AccountStatus.DEACTIVATED, AccountStatus.REVOKED}),
}

AUTHORIZATION_MOVES: Mapping[AuthorizationStatus, frozenset[AuthorizationStatus]] = {
    AuthorizationStatus.PENDING: frozenset(
        {AuthorizationStatus.VALID, AuthorizationStatus.INVALID, AuthorizationStatus.DEACTIVATED}
    ),
    AuthorizationStatus.VALID: frozenset({AuthorizationStatus.DEACTIVATED, AuthorizationStatus.REVOKED}),
}

CHALLENGE_MOVES: Mapping[ChallengeStatus, frozenset[ChallengeStatus]] = {
    ChallengeStatus.PENDING: frozenset({ChallengeStatus.PROCESSING, ChallengeStatus.INVALID}),
    ChallengeStatus.PROCESSING: frozenset({ChallengeStatus.PROCESSING, ChallengeStatus.VALID, ChallengeStatus.INVALID}),
}

ORDER_MOVES: Mapping[OrderStage, frozenset[OrderStage]] = {
    OrderStage.OPEN: frozenset({OrderStage.PROCESSING, OrderStage.INVALID}),
    OrderStage.PROCESSING: frozenset(
        {OrderStage.PROCESSING, OrderStage.VALID, OrderStage.INVALID, OrderStage.OPEN}  # open: the key was down
    ),
    OrderStage.VALID: frozenset({OrderStage.CANCELED}),
}


def move(moves: Mapping[State, frozenset[State]], old: State, new: State) -> State:
    """The new state; raises Refused(WRONG_STATE) when the table does not lead there from the old one."""
    if new not in moves.get(old, frozenset()):
        raise Refused(Reason.WRONG_STATE, f"it is {old.value} and cannot become {new.value}")
    return new


class _Authorization(Protocol):
    @property
    def status(self) -> AuthorizationStatus: ...
    @property
    def expires(self) -> datetime: ...


class _Order(Protocol):
    @property
    def stage(self) -> OrderStage: ...
    @property
    def expires(self) -> datetime: ...
    @property
    def authorizations(self) -> Iterable[_Authorization]: ...
    @property
    def delegation(self) -> str | None: ...


def authorization_status(authorization: _Authorization, now: datetime) -> AuthorizationStatus:
    """The stored status, or `expired` once the time of a pending or valid authorization has run out."""
    if authorization.status in AUTHORIZATION_MOVES and now >= authorization.expires:
        return AuthorizationStatus.EXPIRED
    return authorization.status


def order_status(order: _Order, now: datetime) -> OrderStatus:
    """The status of an order: what is stored once it left OPEN, before that what its authorizations make of it.

    One that has none is ready where it was placed by a delegation, which answers for its names (RFC 9115 2.3.2).
    """
    if order.stage is not OrderStage.OPEN:
        return OrderStatus(order.stage.value)
    if now >= order.expires:
        return OrderStatus.INVALID
    statuses = {authorization_status(authorization, now) for authorization in order.authorizations}
    if statuses == {AuthorizationStatus.VALID} or (not statuses and order.delegation is not None):
        return OrderStatus.READY
    if statuses <= {AuthorizationStatus.VALID, AuthorizationStatus.PENDING}:
        return OrderStatus.PENDING
    return OrderStatus.INVALID
