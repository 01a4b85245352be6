"""The `emca-daemon` command."""

from collections.abc import Iterator

import click
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


def leaves(command: click.Command) -> Iterator[click.Command]:
    """The commands of a group, and of its groups, that do something."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from leaves(one)
    else:
        yield command
