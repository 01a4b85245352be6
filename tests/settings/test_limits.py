"""Bounds of single settings."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from emca_daemon.problems import Problem
from emca_daemon.settings.limits import count, each_of, limited, one_of, port, positive, size
from emca_daemon.toml_reading import Check, read_dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """Something with bounds."""

    colour: str = limited("red", one_of("red", "green"))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (one_of("a", "b"), "a", "c"),
        (each_of("a", "b"), ("b", "a"), ("a", "c")),
        (each_of("a", "b"), (), ("a", "a")),
        (each_of("a", "b"), ("a",), 7),
        (positive, timedelta(seconds=1), timedelta()),
        (positive, timedelta(seconds=1), 5),
        (port, 0, 65_536),
        (port, 65_535, -1),
        (count, 1, 0),
        (size, 1_024, 1_023),
    ],
)
def test_a_check_tells_good_from_bad(check: Check, good: object, bad: object) -> None:
    """Nothing is said of a good value, and what was expected of a bad one."""
    assert check(good) is None
    assert check(bad)


def test_a_limited_field_keeps_its_default_and_checks_what_is_read() -> None:
    """The default stands in the class as usual; a file's value must pass."""
    problems: list[Problem] = []
    assert Lamp().colour == "red"
    assert read_dataclass(Lamp, {"colour": "green"}, "lamp.toml", "", problems) == Lamp(colour="green")
    assert read_dataclass(Lamp, {"colour": "blue"}, "lamp.toml", "", problems) is None
    assert problems == [Problem("lamp.toml", "colour", 'expected one of "red", "green"')]
