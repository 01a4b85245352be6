"""The state machines."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.states import (
    ACCOUNT_MOVES,
    AUTHORIZATION_MOVES,
    CHALLENGE_MOVES,
    ORDER_MOVES,
    AccountStatus,
    AuthorizationStatus,
    ChallengeStatus,
    OrderStage,
    OrderStatus,
    authorization_status,
    move,
    order_status,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=1), NOW - timedelta(days=1)
A = AuthorizationStatus


@dataclass(frozen=True)
class Part:
    """An authorization as an order sees it."""

    status: AuthorizationStatus
    expires: datetime = LATER


@dataclass(frozen=True)
class Whole:
    """An order."""

    authorizations: tuple[Part, ...]
    stage: OrderStage = OrderStage.OPEN
    expires: datetime = LATER
    delegation: str | None = None


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((Part(A.PENDING),), OrderStatus.PENDING),
        ((Part(A.VALID), Part(A.PENDING)), OrderStatus.PENDING),
        ((Part(A.VALID), Part(A.VALID)), OrderStatus.READY),
        ((Part(A.VALID), Part(A.INVALID)), OrderStatus.INVALID),
        ((Part(A.PENDING), Part(A.DEACTIVATED)), OrderStatus.INVALID),
        ((Part(A.REVOKED),), OrderStatus.INVALID),
        ((Part(A.VALID, EARLIER),), OrderStatus.INVALID),
        ((Part(A.PENDING, NOW),), OrderStatus.INVALID),
    ],
)
def test_an_open_order_is_what_its_authorizations_make_it(parts: tuple[Part, ...], status: OrderStatus) -> None:
    """RFC 8555 7.1.6."""
    assert order_status(Whole(parts), NOW) is status


def test_an_order_without_authorizations() -> None:
    """It is ready where a delegation answers for its names, and never otherwise."""
    assert order_status(Whole((), delegation="d"), NOW) is OrderStatus.READY
    assert order_status(Whole((), delegation="d", expires=NOW), NOW) is OrderStatus.INVALID
    assert order_status(Whole(()), NOW) is OrderStatus.PENDING
    assert order_status(Whole((Part(A.PENDING),), delegation="d"), NOW) is OrderStatus.PENDING


def test_an_open_order_expires() -> None:
    """Whatever its authorizations are."""
    assert order_status(Whole((Part(A.VALID),), expires=NOW), NOW) is OrderStatus.INVALID


@pytest.mark.parametrize("stage", [OrderStage.PROCESSING, OrderStage.VALID, OrderStage.INVALID])
def test_later_stages_stand_by_themselves(stage: OrderStage) -> None:
    """A certificate does not go away with an authorization."""
    assert order_status(Whole((Part(A.DEACTIVATED),), stage, EARLIER), NOW).value == stage.value


def test_only_living_authorizations_expire() -> None:
    """An invalid one stays invalid."""
    assert authorization_status(Part(A.VALID, NOW), NOW) is A.EXPIRED
    assert authorization_status(Part(A.INVALID, NOW), NOW) is A.INVALID
    assert authorization_status(Part(A.VALID), NOW) is A.VALID


def test_moves_follow_the_tables() -> None:
    """What the tables do not allow is refused, from final states everything."""
    assert move(CHALLENGE_MOVES, ChallengeStatus.PENDING, ChallengeStatus.PROCESSING) is ChallengeStatus.PROCESSING
    for attempt in (
        lambda: move(ORDER_MOVES, OrderStage.OPEN, OrderStage.VALID),
        lambda: move(ORDER_MOVES, OrderStage.VALID, OrderStage.INVALID),
        lambda: move(ACCOUNT_MOVES, AccountStatus.DEACTIVATED, AccountStatus.VALID),
        lambda: move(AUTHORIZATION_MOVES, A.INVALID, A.VALID),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.reason is Reason.WRONG_STATE
