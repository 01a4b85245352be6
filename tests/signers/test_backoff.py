"""Tests of leaving a dead device in peace."""

from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.signers.backoff import FIRST, LONGEST, Backoff


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """It starts anywhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_everybody_is_admitted_until_something_fails() -> None:
    """And again after a success."""
    backoff = Backoff(Watch())
    assert backoff.admits()
    backoff.failed()
    assert not backoff.admits()
    backoff.succeeded()
    assert backoff.admits()
    assert backoff.admits()


def test_one_caller_probes_after_the_quiet_time() -> None:
    """The others go on being sent away."""
    watch = Watch()
    backoff = Backoff(watch)
    backoff.failed()
    watch.now += FIRST
    assert [backoff.admits() for _ in range(3)] == [True, False, False]


def test_the_quiet_time_doubles() -> None:
    """With every failure."""
    watch = Watch()
    backoff = Backoff(watch)
    backoff.failed()
    backoff.failed()
    watch.now += FIRST
    assert not backoff.admits()
    watch.now += FIRST
    assert backoff.admits()


@given(st.integers(min_value=1, max_value=50))
def test_the_quiet_time_has_an_end(failures: int) -> None:
    """However often it failed."""
    watch = Watch()
    backoff = Backoff(watch)
    for _ in range(failures):
        backoff.failed()
    watch.now += LONGEST
    assert backoff.admits()
