"""What the documentation tells people to type is what the command line takes."""

import re
import shlex
from pathlib import Path

import click
import pytest

from emca_daemon.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
_COMMAND = re.compile(r"(?:^\s*|`)emca-daemon (?P<words>[a-z][^`|\n]*)", re.MULTILINE)


def documented() -> list[tuple[str, str]]:
    """Page and words of every command that stands on a line of its own or between backquotes."""
    return [
        (page.name, match["words"].split(" && ")[0].strip())
        for page in PAGES
        for match in _COMMAND.finditer(page.read_text(encoding="utf-8"))
    ]


def parse(words: list[str]) -> None:
    """Find the command and read its options; raises click's UsageError. Missing arguments are the reader's to add."""
    command: click.Command = main
    while isinstance(command, click.Group) and words:
        found = command.commands.get(words[0])
        if found is None:
            raise click.UsageError(f"there is no command {words[0]}")
        command, words = found, words[1:]
    context = click.Context(command)
    _, left, _ = command.make_parser(context).parse_args(words)
    if left:
        raise click.UsageError(f"nothing takes {left}")


@pytest.mark.parametrize(("page", "words"), documented())
def test_what_is_documented_can_be_typed(page: str, words: str) -> None:
    """Commands, options and the number of arguments."""
    assert page
    if words.startswith("pebble"):
        return  # its options are those of another program, with one dash
    parse(shlex.split(words, comments=True))


@pytest.mark.parametrize("words", ["nothing", "ca nothing", "ca list --nothing", "key generate hsm:root p-384"])
def test_what_cannot_be_typed_is_found(words: str) -> None:
    """A command, an option, an argument too much."""
    with pytest.raises(click.UsageError):
        parse(words.split())
