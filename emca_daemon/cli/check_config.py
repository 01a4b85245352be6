"""`emca-daemon check-config`: every problem of the settings and profiles at once, without starting anything."""

from pathlib import Path

import click

from emca_daemon.cli.command import json_option
from emca_daemon.cli.output import Output
from emca_daemon.policy.loading import load_profiles
from emca_daemon.settings.checking import check


@click.command("check-config")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def check_config(file: Path, output: Output) -> None:
    """Check FILE and the profiles it names; exit code 0 when all is well, else 1."""
    settings, problems = check(file)
    if settings is not None and settings.profiles.is_dir():
        problems += load_profiles(settings.profiles)[1]
    if not problems:
        output.said(f"{file}: all is well", file=str(file), problems=[])
        return
    output.rows(
        ("file", "key", "expected"),
        [{"file": problem.file, "key": problem.key, "expected": problem.expected} for problem in problems],
    )
    raise SystemExit(1)
