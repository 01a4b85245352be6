"""ACME rows for tests of the store."""

from datetime import timedelta

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.records import Account, Authorization, Challenge, Order, OrderAuthorization
from emca_daemon.protocols.acme.states import AccountStatus, AuthorizationStatus, ChallengeStatus, OrderStage
from tests.support.records import NOW

LATER = NOW + timedelta(days=1)


def account(account_id: str = "acc", thumbprint: str = "t" * 43, endpoint: str = "main") -> Account:
    """An account."""
    return Account(
        id=account_id,
        endpoint=endpoint,
        status=AccountStatus.VALID,
        jwk='{"kty":"EC"}',
        thumbprint=thumbprint,
        key_fingerprint=thumbprint.encode()[:32],
        contacts=("mailto:a@example.com",),
        terms_agreed=True,
        created=NOW,
    )


def authorization(
    authorization_id: str = "authz",
    value: str = "a.example",
    *,
    wildcard: bool = False,
    status: AuthorizationStatus = AuthorizationStatus.PENDING,
) -> Authorization:
    """An authorization of the account `acc` with two challenges."""
    return Authorization(
        id=authorization_id,
        endpoint="main",
        account_id="acc",
        identifier=AlternativeName(NameType.DNS, value),
        wildcard=wildcard,
        status=status,
        expires=LATER,
        created=NOW,
        challenges=tuple(
            Challenge(f"{authorization_id}-{kind}", authorization_id, kind, "token", ChallengeStatus.PENDING)
            for kind in ("http-01", "dns-01")
        ),
    )


def order(order_id: str, *parts: Authorization) -> Order:
    """An order of the account `acc` with these authorizations."""
    return Order(
        id=order_id,
        endpoint="main",
        account_id="acc",
        stage=OrderStage.OPEN,
        names=tuple(part.name for part in parts),
        authorizations=tuple(OrderAuthorization(part.id, part.status, part.expires) for part in parts),
        expires=LATER,
        created=NOW,
        not_before=NOW,
    )
