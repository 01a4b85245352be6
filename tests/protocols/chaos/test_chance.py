"""Throwing dice."""

from emca_daemon.protocols.chaos.chance import Chance


def test_never_and_always() -> None:
    """A share of 0 never happens, one of 1 always, whatever falls."""
    for octets in (bytes(4), b"\xff" * 4):
        chance = Chance(lambda count, octets=octets: octets[:count])  # type: ignore[misc]
        assert not chance.falls(0.0)
        assert chance.falls(1.0)


def test_a_share() -> None:
    """What falls below the share happens, the rest does not."""
    assert Chance(lambda _: b"\x3f\xff\xff\xff").falls(0.25)
    assert not Chance(lambda _: b"\x40\x00\x00\x00").falls(0.25)
    assert Chance(lambda _: b"\x80\x00\x00\x00").part() == 0.5
