"""Tests of emca_daemon.protocols.scep.provisioning."""

import re
from datetime import timedelta

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.challenge_records import digest_of
from emca_daemon.protocols.scep.provisioning import LONGEST_TEXT, Provisioning
from emca_daemon.protocols.scep.terms import Terms
from emca_daemon.randomness import system_random
from tests.support.ca_world import BY, World

HOUR = timedelta(hours=1)


def provisioning(world: World, endpoint: str = "site") -> Provisioning:
    """Of one endpoint."""
    return Provisioning(endpoint, HOUR, store=world.store, clock=world.clock, random=system_random)


def test_a_challenge_is_made_and_its_secret_is_kept_nowhere() -> None:
    """128 random bits in hexadecimal, or as many as asked for; the audit chain knows whose it is."""
    world = World()
    made = provisioning(world).make(Terms(note="for Bob"), BY, source="operator")
    assert re.fullmatch("[0-9A-F]{32}", made.secret)
    assert made.secret not in repr(made)
    with world.store.reading() as tx:
        found = tx.scep_challenges.get(made.challenge.id)
        (event,) = [sealed.event for sealed in tx.audit.walk()]
    assert found == made.challenge
    assert made.challenge.digest == digest_of(made.secret.encode())
    assert made.challenge.expires == world.clock() + HOUR
    assert (event.action, event.subject, event.actor) == ("scep.challenge.create", made.challenge.id, "tester")
    assert made.secret not in str(event)
    assert len(provisioning(world).make(Terms(), BY, source="page", octets=8).secret) == 16


@pytest.mark.parametrize(
    "terms",
    [
        Terms(lifetime=timedelta(days=5000)),
        Terms(lifetime=-HOUR),
        Terms(uses=0),
        Terms(uses=1_000_001),
        Terms(note="a\nb"),
        Terms(note="x" * (LONGEST_TEXT + 1)),
    ],
)
def test_terms_have_bounds(terms: Terms) -> None:
    """Nothing is made beyond them."""
    world = World()
    with pytest.raises(Refused) as caught:
        provisioning(world).make(terms, BY, source="operator")
    assert caught.value.reason is Reason.MALFORMED
    with world.store.reading() as tx:
        assert list(tx.scep_challenges.list(None, 9)) == []


def test_only_so_many_wait_to_be_used() -> None:
    """Until one of them has ended; nothing is left of what was refused."""
    world = World()
    made = [provisioning(world).make(Terms(), BY, source="page", outstanding=2) for _ in range(2)]
    with pytest.raises(Refused) as caught:
        provisioning(world).make(Terms(), BY, source="page", outstanding=2)
    assert caught.value.reason is Reason.RATE_LIMITED
    provisioning(world).make(Terms(), BY, source="operator")
    provisioning(world, "other").make(Terms(), BY, source="page", outstanding=2)
    provisioning(world).revoke(made[0].challenge.id, BY)
    provisioning(world).make(Terms(), BY, source="page", outstanding=2)


def test_a_challenge_is_revoked_once_and_at_its_own_endpoint() -> None:
    """Else there is none."""
    world = World()
    made = provisioning(world).make(Terms(), BY, source="operator")
    with pytest.raises(Refused) as caught:
        provisioning(world, "other").revoke(made.challenge.id, BY)
    assert caught.value.reason is Reason.NOT_FOUND
    provisioning(world).revoke(made.challenge.id, BY)
    for gone in (made.challenge.id, "nothing"):
        with pytest.raises(Refused) as caught:
            provisioning(world).revoke(gone, BY)
        assert caught.value.reason is Reason.NOT_FOUND
    assert world.actions() == [("scep.challenge.create", "success"), ("scep.challenge.revoke", "success")]


def test_a_device_is_registered_once() -> None:
    """With a challenge of its own; what is refused leaves nothing behind."""
    world = World()
    device, made = provisioning(world).register("ACME", "Printer", "SN-1", Terms(note="hall"), BY)
    assert made.challenge.device == device.id
    assert device.note == "hall"
    with pytest.raises(Refused) as caught:
        provisioning(world).register("ACME", "Printer", "SN-1", Terms(), BY)
    assert caught.value.reason is Reason.WRONG_STATE
    assert world.actions() == [("scep.device.register", "success"), ("scep.challenge.create", "success")]
    with world.store.reading() as tx:
        assert tx.scep_challenges.device(device.id) == device
        assert tx.scep_challenges.of_device(device.id) == made.challenge


@pytest.mark.parametrize("texts", [("", "m", "i"), ("a", " m", "i"), ("a", "m", "i\0"), ("a", "m", "i" * 65)])
def test_what_names_a_device_is_plain_text(texts: tuple[str, str, str]) -> None:
    """One to 255 printable characters."""
    with pytest.raises(Refused) as caught:
        provisioning(World()).register(*texts, Terms(), BY)
    assert caught.value.reason is Reason.MALFORMED


def test_a_device_gets_another_challenge_in_the_place_of_the_first() -> None:
    """Which is revoked; only for devices of the endpoint."""
    world = World()
    device, first = provisioning(world).register("ACME", "Printer", "SN-1", Terms(), BY)
    world.clock.advance(minutes=1)
    again, second = provisioning(world).challenge_again(device.id, Terms(), BY)
    assert again == device
    assert first.secret != second.secret
    with world.store.reading() as tx:
        before = tx.scep_challenges.get(first.challenge.id)
        assert tx.scep_challenges.of_device(device.id) == second.challenge
    assert before is not None
    assert before.revoked == world.clock()
    for endpoint, name in (("other", device.id), ("site", "nothing")):
        with pytest.raises(Refused) as caught:
            provisioning(world, endpoint).challenge_again(name, Terms(), BY)
        assert caught.value.reason is Reason.NOT_FOUND


def test_a_device_is_removed_with_its_challenge() -> None:
    """Once, and at its own endpoint."""
    world = World()
    device, made = provisioning(world).register("ACME", "Printer", "SN-1", Terms(), BY)
    with pytest.raises(Refused):
        provisioning(world, "other").remove(device.id, BY)
    assert provisioning(world).remove(device.id, BY) == device
    with pytest.raises(Refused) as caught:
        provisioning(world).remove(device.id, BY)
    assert caught.value.reason is Reason.NOT_FOUND
    with world.store.reading() as tx:
        assert tx.scep_challenges.get(made.challenge.id) is None
    assert world.actions()[-1] == ("scep.device.remove", "success")
