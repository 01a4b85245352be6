"""The machine's random bytes."""

from emca_daemon.randomness import system_random


def test_as_many_bytes_come_as_were_asked_for() -> None:
    """And no two draws of twenty are alike."""
    assert [len(system_random(size)) for size in (0, 1, 20)] == [0, 1, 20]
    assert system_random(20) != system_random(20)
