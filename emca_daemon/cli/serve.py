"""`emca-daemon serve`: the daemon."""

from pathlib import Path

import click

from emca_daemon.cli.command import config_option, report_refusals
from emca_daemon.composition.daemon import run_daemon
from emca_daemon.settings.checking import load_settings


@click.command()
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), help="Processes that serve.")
@config_option
@report_refusals
def serve(config: Path, workers: int) -> None:
    """Serve what the settings say until SIGTERM or Ctrl-C; SIGHUP reads TLS certificates anew."""
    run_daemon(load_settings(config), workers=workers)
