"""What commands print: tables on a terminal, tab-separated lines in a pipe, JSON when asked for."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO

import click
from rich.console import Console
from rich.table import Table

Value = str | int | bool | None | datetime | Sequence[str]
"""What a cell or a field may hold."""


def fields_of(one: object, names: Sequence[str]) -> dict[str, Value]:
    """Those attributes of a record as a row."""
    return {name: getattr(one, name) for name in names}


class Output:
    """Prints results to standard output in the form that was asked for."""

    def __init__(self, as_json: bool, stream: IO[str] | None = None) -> None:
        self._json = as_json
        self._stream = stream or sys.stdout

    def rows(self, columns: Sequence[str], rows: Sequence[Mapping[str, Value]]) -> None:
        """Many things of one kind; in JSON every field of each, else the named columns."""
        if self._json:
            self._dump([{key: _plain(value) for key, value in row.items()} for row in rows])
        elif self._stream.isatty():
            table = Table(*(column.replace("_", " ") for column in columns))
            for row in rows:
                table.add_row(*(_text(row.get(column)) for column in columns))
            Console(file=self._stream, markup=False, emoji=False).print(table)
        else:
            for row in rows:
                self._line("\t".join(_text(row.get(column)) for column in columns))

    def record(self, fields: Mapping[str, Value]) -> None:
        """One thing, field by field."""
        if self._json:
            self._dump({key: _plain(value) for key, value in fields.items()})
            return
        width = max(map(len, fields), default=0)
        for key, value in fields.items():
            self._line(f"{key.replace('_', ' '):<{width}}  {_text(value)}")

    def said(self, sentence: str, **fields: Value) -> None:
        """That something was done: a sentence for people, the fields for programs."""
        if self._json:
            self._dump({key: _plain(value) for key, value in fields.items()})
        else:
            self._line(sentence)

    def raw(self, text: str) -> None:
        """Text as it is (PEM); in JSON under the key `text`."""
        if self._json:
            self._dump({"text": text})
        else:
            self._stream.write(text)

    def _dump(self, value: object) -> None:
        self._line(json.dumps(value, indent=2, ensure_ascii=False))

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream)


def _plain(value: Value) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _text(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int):
        return str(value)
    return _visible(value if isinstance(value, str) else ", ".join(value) or "-")


def _visible(text: str) -> str:
    """Names are strangers' words: what would begin a line, move the cursor or turn the text around is spelled out."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
