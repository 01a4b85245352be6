"""Tests of emca_daemon.toml_values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Literal, NewType, Optional

import pytest

from emca_daemon.toml_values import Where, reader_of


class Colour(Enum):
    """An enumeration that is read by value."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Even:
    """A class with a `parse`."""

    number: int

    @classmethod
    def parse(cls, text: str) -> "Even":
        """From digits; raises ValueError for an odd number."""
        if int(text) % 2:
            raise ValueError("an even number")
        return cls(int(text))


@dataclass
class Inner:
    """A nested dataclass."""


Name = NewType("Name", str)


@dataclass
class Notes:
    """A reading that notes what is said."""

    folder: Path = Path("/etc/emca")
    said: list[tuple[str, str]] = field(default_factory=list)

    def nested(self, cls: type[object], table: Mapping[str, object], key: str) -> object:
        """Stands in for the reading of a table."""
        return (cls, dict(table), key)

    def say(self, key: str, expected: str) -> None:
        """Note it."""
        self.said.append((key, expected))


GOOD = [
    (str, "a", "a"),
    (Name, "a", "a"),
    (int, 5, 5),
    (bool, True, True),
    (float, 5, 5.0),
    (float, 0.5, 0.5),
    (timedelta, "1d", timedelta(days=1)),
    (bytes, "00ff", b"\x00\xff"),
    (Path, "x/y", Path("/etc/emca/x/y")),
    (Path, "/x", Path("/x")),
    (Colour, "red", Colour.RED),
    (Literal["a", "b"], "b", "b"),
    (int | None, 5, 5),
    (Optional[int], 5, 5),  # noqa: UP045 - the other spelling is read, too
    (Even, "4", Even(4)),
    (tuple[int, ...], [1, 2], (1, 2)),
    (tuple[str, int], ["a", 1], ("a", 1)),
    (frozenset[str], ["a", "a"], frozenset("a")),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (dict[Name, tuple[int, ...]], {"a": [1]}, {"a": (1,)}),
    (Inner, {"x": 1}, (Inner, {"x": 1}, "key")),
]


@pytest.mark.parametrize(("hint", "value", "read"), GOOD)
def test_a_value_of_the_right_type_is_read(hint: object, value: object, read: object) -> None:
    """Every type of hint has its reader."""
    notes = Notes()
    assert Where("key", notes).read(reader_of(hint), value) == read
    assert notes.said == []


BAD = [
    (str, 5, "key", "expected text, found 5"),
    (int, True, "key", "expected a whole number, found True"),
    (int, 5.0, "key", "expected a whole number, found 5.0"),
    (bool, 1, "key", "expected true or false, found 1"),
    (float, True, "key", "expected a number, found True"),
    (timedelta, 5, "key", 'expected a duration such as "90d", "12h" or "30s", found 5'),
    (timedelta, "5", "key", 'expected a duration such as "90d", "12h" or "30s", found \'5\''),
    (bytes, "0", "key", "expected hexadecimal text, found '0'"),
    (Path, "", "key", "expected a path, found ''"),
    (Colour, "green", "key", 'expected one of "red", "blue", found \'green\''),
    (Literal["a"], 1, "key", 'expected one of "a", found 1'),
    (Even, "3", "key", "expected an even number, found '3'"),
    (Even, 3, "key", "expected text, found 3"),
    (Inner, 3, "key", "expected a table, found 3"),
    (tuple[int, ...], 1, "key", "expected a list, found 1"),
    (tuple[int, int], [1], "key", "expected a list of 2, found [1]"),
    (tuple[int, int], [1, "a"], "key[1]", "expected a whole number, found 'a'"),
    (dict[str, int], [], "key", "expected a table, found []"),
    (dict[str, int], {"a": "b"}, "key.a", "expected a whole number, found 'b'"),
    (str, list(range(50)), "key", "expected text, found " + repr(list(range(50)))[:57] + "..."),
]


@pytest.mark.parametrize(("hint", "value", "key", "expected"), BAD)
def test_a_value_of_a_wrong_type_is_told(hint: object, value: object, key: str, expected: str) -> None:
    """The place and what was expected there are said, with the value found, shortened."""
    notes = Notes()
    Where("key", notes).read(reader_of(hint), value)
    assert notes.said == [(key, expected)]


def test_every_wrong_element_of_a_list_is_told() -> None:
    """A list is read to its end."""
    notes = Notes()
    Where("key", notes).read(reader_of(tuple[int, ...]), ["a", 1, "b"])
    assert [key for key, _ in notes.said] == ["key[0]", "key[2]"]


@pytest.mark.parametrize("hint", [complex, list[int], "str"])
def test_a_hint_without_a_reader_is_a_fault_of_the_program(hint: object) -> None:
    """TypeError, when the hint is looked at."""
    with pytest.raises(TypeError, match="no reader"):
        reader_of(hint)
