"""The `emca-daemon` command."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from emca_daemon.cli.main import main


def test_help_lists_every_command_and_the_exit_codes() -> None:
    """A new user finds them."""
    result = CliRunner().invoke(main, ["--help"])
    for word in ("init", "demo", "serve", "check-config", "migrate", "profile", "request", "audit", "Exit codes"):
        assert word in result.output


def test_every_command_takes_json_but_those_that_serve() -> None:
    """Asked of each command's own options."""
    for leaf in leaves(main):
        options = {option for parameter in leaf.params for option in parameter.opts}
        assert ("--json" in options) != (leaf.name in ("serve", "demo", "pebble", "perspective")), leaf.name


@pytest.mark.parametrize(
    ("line", "words", "where"),
    [
        ("nonsense", "No such command 'nonsense'", "emca-daemon"),
        ("--nonsense", "No such option", "emca-daemon"),
        ("cert nonsense", "No such command 'nonsense'", "emca-daemon cert"),
        ("cert list extra", "Got unexpected extra argument (extra)", "emca-daemon cert list"),
        ("ca create-root a", "Missing option '--subject'", "emca-daemon ca create-root"),
        ("cert list --status odd", "'odd' is not one of", "emca-daemon cert list"),
        ("ca import a /no/file", "/no/file", "emca-daemon ca import"),
    ],
)
def test_wrong_usage_is_one_line(line: str, words: str, where: str) -> None:
    """What is wrong and where help is, on standard error, with exit code 2."""
    result = CliRunner().invoke(main, line.split(), prog_name="emca-daemon")
    assert (result.exit_code, result.stdout) == (2, "")
    [told] = result.stderr.splitlines()
    assert told.startswith("emca-daemon: ")
    assert words in told
    assert told.endswith(f"; see `{where} --help`")


def test_a_group_alone_shows_its_help() -> None:
    """As if it had been asked for."""
    result = CliRunner().invoke(main, ["cert"], prog_name="emca-daemon")
    assert "Commands:" in result.output


def leaves(command: click.Command) -> Iterator[click.Command]:
    """The commands of a group, and of its groups, that do something."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from leaves(one)
    else:
        yield command
