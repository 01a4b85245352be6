"""TOML tables into frozen dataclasses, guided by their type hints, with every problem collected.

A key is a field's name. The types understood are `str`, `int`, `float`, `bool`, `timedelta` ("90d"), `Path` (relative
ones, defaults too, are taken from the file's folder), `bytes` (hex), `Literal`, `Enum` (by value), `NewType`s,
`X | None`, `tuple[X, ...]`, `tuple[X, Y]`, `frozenset[X]`, `dict[str, X]`, nested dataclasses, and every class with a
class method `parse(text)` that raises ValueError, saying what was expected ("an even number"). A field with a default
may be left out. A field's metadata may hold checks (`field(default=4, metadata=checked(between(1, 64)))`); a dataclass
with a method `contradictions()` is asked, once built, for pairs of key and sentence.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Protocol, TypeVar, cast, get_type_hints, runtime_checkable

from emca_daemon.problems import Problem
from emca_daemon.toml_values import Where, reader_of

Check = Callable[[object], str | None]
"""Looks at a value of the right type; says what was expected when it is not that, else None."""

T = TypeVar("T")

_CHECKS = "emca.checks"


@runtime_checkable
class Contradicting(Protocol):
    """A dataclass whose fields must fit one another."""

    def contradictions(self) -> Iterable[tuple[str, str]]:
        """For every misfit, the key (relative to this table) and what was expected."""


def checked(*checks: Check) -> Mapping[str, object]:
    """Field metadata: checks that a value read from a file must pass (defaults are trusted)."""
    return {_CHECKS: checks}


def between(minimum: int, maximum: int) -> Check:
    """A check: a whole number within bounds, both included."""

    def check(value: object) -> str | None:
        within = isinstance(value, int) and minimum <= value <= maximum
        return None if within else f"a whole number from {minimum} to {maximum}"

    return check


def not_empty(value: object) -> str | None:
    """A check: a text, list or table with something in it."""
    return None if value else "something that is not empty"


def read_toml(path: Path, problems: list[Problem]) -> dict[str, object] | None:
    """The tables of a TOML file; None and a problem where there is no such file or it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(Problem(str(path), "", f"a readable file was expected ({error.strerror})"))
    except UnicodeDecodeError:
        problems.append(Problem(str(path), "", "a text file in UTF-8 was expected"))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(str(path), "", f"TOML was expected ({error})"))
    except RecursionError:
        problems.append(Problem(str(path), "", "TOML was expected (it is nested too deeply)"))
    return None


def read_dataclass(cls: type[T], table: Mapping[str, object], file: str, key: str, problems: list[Problem]) -> T | None:
    """Build `cls` from a table that stands at `key` (empty for the top) of `file`.

    Every unknown key, missing key, wrong type and failed check is added to `problems`; None if there was any.
    """
    return _Reading(Path(file).parent, file, problems).table(cls, table, key)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file being read: where it is, and what was found wrong so far."""

    folder: Path
    file: str
    problems: list[Problem]

    def table(self, cls: type[T], table: Mapping[str, object], key: str) -> T | None:
        """A dataclass from its table."""
        before = len(self.problems)
        hints = get_type_hints(cls)
        known = {item.name: item for item in fields(cls) if item.init}  # type: ignore[arg-type]
        for name in table:
            if name not in known:
                self.say(_join(key, name), f"unknown key; known here: {', '.join(sorted(known))}")
        values: dict[str, object] = {}
        for name, item in known.items():
            self.one(item, hints[name], table, key, values)
        if len(self.problems) > before:
            return None
        built = cls(**values)
        for name, expected in _contradictions(built):
            self.say(_join(key, name), expected)
        return built if len(self.problems) == before else None

    def one(
        self, item: "Field[object]", hint: object, table: Mapping[str, object], key: str, values: dict[str, object]
    ) -> None:
        """One field: its value goes into `values` unless the default of the dataclass is to be taken."""
        path = _join(key, item.name)
        if item.name not in table:
            self.missing(item, path, values)
            return
        before = len(self.problems)
        value = Where(path, self).read(reader_of(hint), table[item.name])
        if len(self.problems) > before:
            return
        for check in cast("tuple[Check, ...]", item.metadata.get(_CHECKS, ())):
            if expected := check(value):
                self.say(path, f"expected {expected}")
        values[item.name] = value

    def missing(self, item: "Field[object]", path: str, values: dict[str, object]) -> None:
        """A field that the table does not have: relative paths among the defaults are made absolute, too."""
        default: object = item.default
        factory: object = item.default_factory
        if isinstance(default, Path):
            values[item.name] = self.folder / default
        elif isinstance(factory, type) and is_dataclass(factory):
            values[item.name] = self.table(factory, {}, path)
        elif default is MISSING and factory is MISSING:
            self.say(path, "this key is required")

    def nested(self, cls: type[object], value: Mapping[str, object], key: str) -> object:
        """A dataclass inside a value; problems in it are noted, and None stands in for it."""
        return self.table(cls, value, key)

    def say(self, key: str, expected: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, key, expected))


def _contradictions(built: object) -> Iterable[tuple[str, str]]:
    return built.contradictions() if isinstance(built, Contradicting) else ()


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
