"""Tests of emca_daemon.toml_reading."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emca_daemon.problems import Problem
from emca_daemon.toml_reading import between, checked, not_empty, read_dataclass, read_toml


@dataclass(frozen=True)
class Door:
    """A dataclass with checks, a relative path, and fields that must fit."""

    width: int = field(default=80, metadata=checked(between(1, 100)))
    names: tuple[str, ...] = field(default=("front",), metadata=checked(not_empty))
    key: Path = Path("door.key")
    locked: bool = False
    lock: str | None = None

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """A locked door has a lock."""
        if self.locked and self.lock is None:
            yield "lock", "expected a lock where locked = true"


@dataclass(frozen=True)
class House:
    """A dataclass with nested ones."""

    number: int
    door: Door = field(default_factory=Door)
    doors: dict[str, Door] = field(default_factory=dict)
    others: tuple[Door, ...] = ()


def read(table: dict[str, object]) -> tuple[House | None, list[tuple[str, str]]]:
    """What comes out, and the problems as key and sentence."""
    problems: list[Problem] = []
    house = read_dataclass(House, table, "/etc/house.toml", "", problems)
    assert all(problem.file == "/etc/house.toml" for problem in problems)
    return house, [(problem.key, problem.expected) for problem in problems]


def test_a_table_becomes_a_dataclass() -> None:
    """Nested tables, tables of tables and lists of tables are read, defaults fill the rest."""
    house, problems = read({"number": 1, "door": {"width": 90}, "doors": {"a": {}}, "others": [{"names": ["x"]}]})
    assert problems == []
    assert house is not None
    assert house.door.width == 90
    assert house.doors["a"].names == ("front",)
    assert house.others[0].names == ("x",)


def test_relative_paths_start_from_the_file() -> None:
    """Default paths are made absolute as given ones are, in tables that are left out, too."""
    house, _ = read({"number": 1, "doors": {"a": {"key": "other.key"}}})
    assert house is not None
    assert house.door.key == Path("/etc/door.key")
    assert house.doors["a"].key == Path("/etc/other.key")


def test_every_problem_is_told_at_once() -> None:
    """Unknown, missing, wrong and unfitting keys come together, each with its path."""
    house, problems = read(
        {
            "colour": "red",
            "door": {"width": 101, "names": [], "hinge": 1},
            "doors": {"back": {"locked": True}},
            "others": [{"width": "wide"}, {"width": 0}],
        }
    )
    assert house is None
    assert problems == [
        ("colour", "unknown key; known here: door, doors, number, others"),
        ("number", "this key is required"),
        ("door.hinge", "unknown key; known here: key, lock, locked, names, width"),
        ("door.width", "expected a whole number from 1 to 100"),
        ("door.names", "expected something that is not empty"),
        ("doors.back.lock", "expected a lock where locked = true"),
        ("others[0].width", "expected a whole number, found 'wide'"),
        ("others[1].width", "expected a whole number from 1 to 100"),
    ]


def test_a_key_path_starts_where_the_table_stands() -> None:
    """A table that is read on its own is told by its whole path."""
    problems: list[Problem] = []
    assert read_dataclass(Door, {"width": 0}, "f", "house.door", problems) is None
    assert problems[0].key == "house.door.width"


def test_a_toml_file_is_read(tmp_path: Path) -> None:
    """Its tables come back as a dict."""
    path = tmp_path / "a.toml"
    path.write_text("[a]\nb = 1\n", encoding="utf-8")
    assert read_toml(path, []) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "a readable file was expected (No such file or directory)"),
        (b"\xff", "a text file in UTF-8 was expected"),
        (b"a = ", "TOML was expected (Invalid value (at end of document))"),
        (b"a = " + b"[" * 5000, "TOML was expected (it is nested too deeply)"),
    ],
)
def test_what_is_no_toml_file_is_a_problem(tmp_path: Path, content: bytes | None, expected: str) -> None:
    """A missing, binary, broken or too deeply nested file is told, not raised."""
    path = tmp_path / "a.toml"
    if content is not None:
        path.write_bytes(content)
    problems: list[Problem] = []
    assert read_toml(path, problems) is None
    assert problems == [Problem(str(path), "", expected)]
