"""Tests of emca_daemon.protocols.scep.http_access."""

from base64 import b64encode
from datetime import timedelta

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Headers
from emca_daemon.protocols.scep.http_access import STATUS_OF, Unauthorized
from emca_daemon.settings.scep_provisioning import ScepUsersSettings
from tests.support.scep_users import BASIC, BEARER, UsersWorld, asked
from tests.support.scep_world import settings

BOTH = ScepUsersSettings(methods=("basic", "bearer"))
WRONG = ("authorization", "Basic " + b64encode(b"alice:wrong").decode())


def refusal(world: UsersWorld, headers: Headers, groups: tuple[str, ...] = (), *, secure: bool = True) -> Refused:
    """Why somebody is not let in."""
    with pytest.raises(Refused) as caught:
        world.access.requester(asked(headers=headers, secure=secure), groups)
    return caught.value


def test_users_and_bearers_are_let_in() -> None:
    """As whom the audit chain names them, with the groups that they are in."""
    world = UsersWorld(settings(), BOTH)
    user = world.access.requester(asked(), ("mdm", "other"))
    assert (user.identity, user.proof, user.groups) == ("alice", "password", frozenset({"mdm"}))
    assert (user.protocol, user.application, user.origin, user.request_id) == ("scep", "site", "192.0.2.9", "request-1")
    assert world.access.requester(asked(headers=(BEARER,)), ()).identity == "jamf"
    assert world.access.challenges() == (
        ("www-authenticate", 'Basic realm="scep"'),
        ("www-authenticate", 'Bearer realm="scep"'),
    )


def test_another_group_is_not_enough() -> None:
    """Nor is none."""
    world = UsersWorld(settings(), BOTH)
    for field in (BASIC, BEARER):
        assert refusal(world, (field,), ("operators",)).reason is Reason.NOT_PERMITTED


def test_secrets_come_by_tls() -> None:
    """Unless a proxy has ended it, which the settings say."""
    assert "TLS" in refusal(UsersWorld(settings(), BOTH), (BASIC,), secure=False).detail
    behind = UsersWorld(settings(), ScepUsersSettings(plain_http=True))
    assert behind.access.requester(asked(secure=False), ()).identity == "alice"


@pytest.mark.parametrize(
    "field", ["Basic !", "Basic", "Digest x", "Bearer unknown-token-0123", "", WRONG[1], "Basic " + "A" * 9000]
)
def test_whatever_is_wrong_is_unauthorized(field: str) -> None:
    """And no first attempt."""
    found = refusal(UsersWorld(settings(), BOTH), (("authorization", field),))
    assert isinstance(found, Unauthorized)
    assert not found.first


def test_what_is_not_offered_is_not_looked_at() -> None:
    """Each method by itself; nothing at all is how everybody begins, and is not written down."""
    world = UsersWorld(settings())
    assert "not offered" in refusal(world, (BEARER,)).detail
    first = refusal(world, ())
    assert isinstance(first, Unauthorized)
    assert first.first
    before = len(world.actions())
    world.access.note(world.access.named(asked()), "/page", first)
    assert len(world.actions()) == before
    world.access.note(world.access.named(asked()), "/page", refusal(world, (WRONG,)))
    assert world.actions()[-1] == ("scep.provision", "refused")


def test_an_address_with_too_many_wrong_secrets_waits() -> None:
    """Also with the right one, until the time is over."""
    world = UsersWorld(settings(), ScepUsersSettings(attempts_per_address=2, lock=timedelta(minutes=5)))
    for _ in range(2):
        assert refusal(world, (("authorization", "Basic !"),)).reason is Reason.NOT_AUTHENTICATED
    late = refusal(world, (BASIC,))
    assert (late.reason, late.retry_after) == (Reason.RATE_LIMITED, 300)
    world.clock.advance(minutes=6)
    assert world.access.requester(asked(), ()).identity == "alice"


def test_a_user_with_too_many_wrong_passwords_is_locked() -> None:
    """In the words of a wrong password."""
    world = UsersWorld(settings(), ScepUsersSettings(attempts=2, lock=timedelta(minutes=5)))
    for _ in range(2):
        refusal(world, (WRONG,))
    assert refusal(world, (BASIC,)).reason is Reason.NOT_AUTHENTICATED


def test_a_store_out_of_reach_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes."""
    world = UsersWorld(settings())

    def gone(*_: object) -> None:
        raise Refused(Reason.UNAVAILABLE, "the database is gone")

    monkeypatch.setattr("emca_daemon.protocols.basic.verify_basic", gone)
    assert refusal(world, (BASIC,)).reason is Reason.UNAVAILABLE


def test_every_reason_has_a_status() -> None:
    """None is forgotten."""
    assert set(STATUS_OF) == set(Reason)
