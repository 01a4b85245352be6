"""What happens once, however many requests come at the same moment, on every database: waiting, certifying a key."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from emca_daemon.ca.records import RequestState
from emca_daemon.errors import Pending, Refused
from emca_daemon.names import ProfileName
from tests.support.ca_world import BY, ISSUING, World, server_request

SERVER = ProfileName("tls-server")
RACERS = 4


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A CA on a database that threads share, and a profile for which a person decides."""
    file = f"sqlite:///{tmp_path / 'store.db'}"
    profiles = World().profiles
    profiles[SERVER] = replace(profiles[SERVER], approval="manual")
    url = file if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    world = World(profiles, url=url).with_issuers()
    yield world
    world.store.close()


def ask(world: World, *, once: bool = True) -> str:
    """The id under which the request waits."""
    facts = server_request("a.example.test")
    outcome = world.enrollment.enroll(facts, SERVER, issuer=ISSUING, reference="r", once=once)
    assert isinstance(outcome, Pending)
    return outcome.request_id


def waiting(world: World) -> int:
    """How many wait."""
    with world.store.reading() as tx:
        return len(tx.pending.list(RequestState.WAITING))


def test_those_that_race_wait_as_one(world: World) -> None:
    """One row, one event, one id for all of them."""
    barrier, found = threading.Barrier(RACERS), list[str]()

    def race() -> None:
        barrier.wait()
        found.append(ask(world))

    threads = [threading.Thread(target=race) for _ in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == RACERS
    assert len(set(found)) == 1
    assert waiting(world) == 1
    assert world.actions().count(("certificate.request", "pending")) == 1


def test_what_is_decided_stands_for_nothing(world: World) -> None:
    """The next one waits for itself; so does every one that does not ask for that."""
    first = ask(world)
    world.approval.reject(first, BY, "no")
    second = ask(world)
    assert second not in (first, ask(world, once=False))
    assert waiting(world) == 2


@pytest.mark.parametrize("duplicates", ["refuse", "same-requester"])
def test_those_that_race_for_a_key_get_one_certificate(
    world: World, duplicates: Literal["refuse", "same-requester"]
) -> None:
    """Though each was decided on when the key had none yet; the others are refused, and audited."""
    profile = world.profiles[SERVER]
    world.profiles[SERVER] = replace(profile, approval="automatic", key=replace(profile.key, duplicates=duplicates))
    facts = server_request("a.example.test")
    barrier, outcomes = threading.Barrier(RACERS), list[object]()

    def race(number: int) -> None:
        asked = replace(facts, requester=replace(BY, identity=f"account-{number}"))
        barrier.wait()
        try:
            outcomes.append(world.enrollment.enroll(asked, SERVER, issuer=ISSUING))
        except Refused as refused:
            outcomes.append(refused.mismatches[0].field)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("key.duplicates") == RACERS - 1
    assert world.actions().count(("certificate.request", "refused")) == RACERS - 1
