"""How often a secret was guessed wrong."""

from datetime import timedelta

from emca_daemon.protocols.cmp import attempts
from emca_daemon.protocols.cmp.attempts import Attempts
from tests.support.ca_world import FakeClock
from tests.support.cmp_world import CmpWorld, settings


def test_locked_after_so_many_and_for_so_long() -> None:
    """By reference; a right one, and time, set the count back."""
    clock = FakeClock()
    counted = Attempts(2, timedelta(minutes=1), clock)
    counted.failed("a")
    counted.succeeded("a")
    assert counted.failed("a") == 1
    assert not counted.is_locked("a")
    assert counted.failed("a") == 2
    assert counted.is_locked("a")
    assert not counted.is_locked("b")
    clock.advance(seconds=61)
    assert not counted.is_locked("a")
    counted.failed("a")
    assert not counted.is_locked("a")


def test_what_is_remembered_is_bounded() -> None:
    """The oldest are forgotten once their time is over; until then no more are counted."""
    clock = FakeClock()
    counted = Attempts(1, timedelta(minutes=1), clock)
    for number in range(attempts._REMEMBERED + 1):
        counted.failed(str(number))
    assert counted.is_locked("0")
    assert not counted.is_locked(str(attempts._REMEMBERED))
    assert counted.failed("one more") == 0
    clock.advance(seconds=61)
    counted.failed("new")
    assert counted.is_locked("new")


def test_a_locked_reference_is_refused_whatever_its_secret() -> None:
    """With the failure of a wrong secret; others are heard."""
    world = CmpWorld(settings(attempts=2))
    world.people.secrets["other"] = world.people.secrets["dev1"]
    for _ in range(2):
        assert world.client(secret=b"guess").enroll().failure == "badMessageCheck"
    locked = world.client().enroll()
    assert (locked.failure, locked.is_protected) == ("badMessageCheck", False)
    assert world.client(reference=b"other").enroll().failure == ""
    world.ca.clock.advance(minutes=2)
    assert world.client().enroll().failure == ""
