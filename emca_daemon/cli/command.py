"""What every command shares: where the settings are, how results are printed, and how errors end."""

import errno
import functools
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

import click

from emca_daemon.cli.output import Output
from emca_daemon.composition.core import open_core
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.randomness import system_random
from emca_daemon.settings.checking import load_settings

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_CONFIG = Path("/etc/emca-daemon/emca.toml")

EXIT_CODES = {Reason.NOT_FOUND: 3, Reason.UNKNOWN_CERTIFICATE: 3, Reason.UNAVAILABLE: 4, Reason.BAD_INTEGRITY: 5}
"""Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not found, 4 store or signer out of reach, 5 integrity broken."""


class WrongUsage(click.ClickException):
    """A command line that is none of ours: one line and exit code 2."""

    exit_code = 2

    def __init__(self, error: click.UsageError, command: str) -> None:
        """`command` is as far as the line could be read."""
        where = command if error.ctx is None else error.ctx.command_path
        super().__init__(f"{error.format_message().rstrip('.')}; see `{where} --help`")

    def show(self, file: IO[Any] | None = None) -> None:
        """As refusals are shown."""
        click.echo(f"emca-daemon: {self.message}", file=file, err=file is None)


class Commands(click.Group):
    """The outermost group: whatever is wrong with a command line, below it too, is told in one line."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Reads the options before the first command."""
        with _one_line(str(info_name)):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Reads everything behind them."""
        with _one_line(ctx.command_path):
            return super().invoke(ctx)


@contextmanager
def _one_line(command: str) -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise WrongUsage(error, command) from None


def report_refusals(function: Callable[P, R]) -> Callable[P, R]:
    """Turn a Refused, and a file that cannot be used, into one clear line on standard error and an exit code."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Refused as refusal:
            click.echo(f"emca-daemon: {refusal}", err=True)
            raise SystemExit(EXIT_CODES.get(refusal.reason, 1)) from None
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has enough; click ends the command for that
                raise
            place = f"{error.filename}: " if error.filename else ""
            click.echo(f"emca-daemon: {place}{error.strerror or error}", err=True)
            raise SystemExit(1) from None

    return run


def config_option(function: Callable[P, R]) -> Callable[P, R]:
    """`--config FILE`, also by the environment variable EMCA_CONFIG."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="EMCA_CONFIG",
        default=DEFAULT_CONFIG,
        show_default=True,
        show_envvar=True,
        help="The settings file.",
    )(function)


def json_option(function: Callable[P, R]) -> Callable[P, R]:
    """`--json`, handed to the command as an `output`."""

    def output(_context: click.Context, _parameter: click.Parameter, value: bool) -> Output:
        return Output(value)

    return click.option("--json", "output", is_flag=True, callback=output, help="Print JSON instead of tables.")(
        function
    )


def core_command(function: Callable[..., None]) -> Callable[..., None]:
    """A command that works on the CA: it is given `core`, opened from `--config`, and `output`."""

    @config_option
    @json_option
    @functools.wraps(function)
    @report_refusals
    def run(config: Path, **options: object) -> None:
        core = open_core(load_settings(config))
        try:
            function(core=core, **options)
        finally:
            core.store.close()

    return run


def operator() -> Requester:
    """The person at the terminal, as the audit chain names them."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name  # not from the environment, which says what its owner likes
    except KeyError:
        user = f"uid {os.getuid()}"
    return Requester("cli", user, "local", "terminal", system_random(8).hex())
