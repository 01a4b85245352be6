"""`emca-daemon perspective`: a pair of eyes elsewhere, for the validations of another daemon."""

from pathlib import Path

import click

from emca_daemon.cli.command import report_refusals
from emca_daemon.settings.perspective import load_perspective


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/etc/emca-daemon/perspective.toml"),
    show_default=True,
    help="The perspective's own settings file.",
)
@report_refusals
def perspective(config: Path) -> None:
    """Look at names for the daemons that the settings list, and tell them what can be seen from here."""
    settings = load_perspective(config)
    from emca_daemon.composition.perspective import run_perspective

    run_perspective(settings)
