"""Single TOML values into Python values, one small reader a type."""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Literal, Protocol, Union, get_args, get_origin

from emca_daemon.durations import parse_duration


class Reading(Protocol):
    """The reading of one file, as the readers of single values need it."""

    @property
    def folder(self) -> Path:
        """Where relative paths start."""

    def nested(self, cls: type[object], table: Mapping[str, object], key: str) -> object:
        """A dataclass from a table inside a value; None, and problems said, where there is something wrong."""

    def say(self, key: str, expected: str) -> None:
        """Note a problem."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a value stands: its key path, and the reading that it is part of."""

    key: str
    reading: Reading

    def at(self, part: str | int) -> "Where":
        """A place further in: a key of a table, or a position in a list."""
        step = f"[{part}]" if isinstance(part, int) else f".{part}"
        return Where(self.key + step, self.reading)

    def read(self, reader: "Reader", value: object) -> object:
        """What the reader makes of it; where that fails the problem is said, and None stands in for the value."""
        try:
            return reader(value, self)
        except Unexpected as unexpected:
            self.reading.say(unexpected.key, str(unexpected))
            return None


class Unexpected(Exception):  # noqa: N818 - caught in this file's one caller and told as a Problem
    """A value is not what its type asks for; the text says what was expected, and `key` where."""

    def __init__(self, where: Where, expected: str, value: object) -> None:
        super().__init__(f"expected {expected}, found {_shown(value)}")
        self.key = where.key


Reader = Callable[[object, Where], object]


def reader_of(hint: object) -> Reader:
    """The reader for a type hint; raises TypeError for a hint that no reader is for (a fault of the program)."""
    if (named := getattr(hint, "__supertype__", None)) is not None:  # a NewType
        return reader_of(named)
    origin = get_origin(hint)
    if origin is not None:
        return _composite(origin, get_args(hint))
    if not isinstance(hint, type):
        raise TypeError(f"no reader for {hint!r}")
    if hint in _PLAIN:
        return _PLAIN[hint]
    if issubclass(hint, Enum):
        return _choice({str(member.value): member for member in hint})
    if callable(parse := getattr(hint, "parse", None)):
        return _parsed(parse)
    if is_dataclass(hint):
        return _table_of(hint)
    raise TypeError(f"no reader for {hint!r}")


def _composite(origin: object, arguments: tuple[object, ...]) -> Reader:
    if origin in (Union, types.UnionType):
        (kept,) = (argument for argument in arguments if argument is not types.NoneType)
        return reader_of(kept)
    if origin is Literal:
        return _choice({str(argument): argument for argument in arguments})
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _row(tuple(reader_of(argument) for argument in arguments))
    if origin in (tuple, frozenset):
        return _list_of(reader_of(arguments[0]), frozenset if origin is frozenset else tuple)
    if origin is dict:
        return _mapping_of(reader_of(arguments[0]), reader_of(arguments[1]))
    raise TypeError(f"no reader for {origin!r}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _plain(kind: type, expected: str) -> Reader:
    def read(value: object, where: Where) -> object:
        if type(value) is not kind:  # bool is an int to Python, and must not be here
            raise Unexpected(where, expected, value)
        return value

    return read


def _number(value: object, where: Where) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unexpected(where, "a number", value)
    return float(value)


def _text(parse: Callable[[str], object], expected: str) -> Reader:
    def read(value: object, where: Where) -> object:
        if not isinstance(value, str):
            raise Unexpected(where, expected, value)
        try:
            return parse(value)
        except ValueError as error:
            raise Unexpected(where, expected, value) from error

    return read


def _path(value: object, where: Where) -> object:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Unexpected(where, "a path", value)
    return where.reading.folder / value


_PLAIN: dict[type, Reader] = {
    str: _plain(str, "text"),
    int: _plain(int, "a whole number"),
    bool: _plain(bool, "true or false"),
    float: _number,
    timedelta: _text(parse_duration, 'a duration such as "90d", "12h" or "30s"'),
    bytes: _text(bytes.fromhex, "hexadecimal text"),
    Path: _path,
}


def _choice(choices: Mapping[str, object]) -> Reader:
    expected = "one of " + ", ".join(f'"{choice}"' for choice in choices)

    def read(value: object, where: Where) -> object:
        if not isinstance(value, str) or value not in choices:
            raise Unexpected(where, expected, value)
        return choices[value]

    return read


def _parsed(parse: Callable[[str], object]) -> Reader:
    def read(value: object, where: Where) -> object:
        if not isinstance(value, str):
            raise Unexpected(where, "text", value)
        try:
            return parse(value)
        except ValueError as error:
            raise Unexpected(where, str(error), value) from error

    return read


def _table_of(cls: type[object]) -> Reader:
    def read(value: object, where: Where) -> object:
        if not isinstance(value, dict):
            raise Unexpected(where, "a table", value)
        return where.reading.nested(cls, value, where.key)

    return read


def _row(readers: tuple[Reader, ...]) -> Reader:
    def read(value: object, where: Where) -> object:
        if not isinstance(value, list) or len(value) != len(readers):
            raise Unexpected(where, f"a list of {len(readers)}", value)
        pairs = enumerate(zip(readers, value, strict=True))
        return tuple(where.at(place).read(reader, one) for place, (reader, one) in pairs)

    return read


def _list_of(reader: Reader, build: Callable[[list[object]], object]) -> Reader:
    def read(value: object, where: Where) -> object:
        if not isinstance(value, list):
            raise Unexpected(where, "a list", value)
        return build([where.at(place).read(reader, one) for place, one in enumerate(value)])

    return read


def _mapping_of(key_reader: Reader, value_reader: Reader) -> Reader:
    def read(value: object, where: Where) -> object:
        if not isinstance(value, dict):
            raise Unexpected(where, "a table", value)
        places = [(where.at(key), key, one) for key, one in value.items()]
        return {place.read(key_reader, key): place.read(value_reader, one) for place, key, one in places}

    return read
