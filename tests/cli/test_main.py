"""The `emca-daemon` command."""

from click.testing import CliRunner

from emca_daemon.cli.main import main


def test_help_lists_every_command_and_the_exit_codes() -> None:
    """A new user finds them."""
    result = CliRunner().invoke(main, ["--help"])
    for word in ("init", "demo", "serve", "check-config", "migrate", "profile", "request", "audit", "Exit codes"):
        assert word in result.output


def test_every_command_takes_json_but_those_that_serve() -> None:
    """Asked of each command's own options."""
    for name, command in main.commands.items():
        leaves = getattr(command, "commands", {name: command})
        for leaf_name, leaf in leaves.items():
            options = {option for parameter in leaf.params for option in parameter.opts}
            assert ("--json" in options) != (leaf_name in ("serve", "demo", "pebble")), leaf_name
