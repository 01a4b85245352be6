"""`emca-daemon migrate`: bring the database's schema up to date."""

from pathlib import Path

import click

from emca_daemon.cli.command import config_option, json_option, report_refusals
from emca_daemon.cli.output import Output
from emca_daemon.cli.progress import waiting
from emca_daemon.settings.checking import load_settings
from emca_daemon.store.database import open_engine


@click.command()
@click.option("--check", is_flag=True, help="Only say what is missing; exit code 1 when something is.")
@config_option
@json_option
@report_refusals
def migrate(config: Path, output: Output, check: bool) -> None:
    """Bring the database's schema up to date; safe to repeat, and while the daemon starts elsewhere."""
    from emca_daemon.store.migrating import migrate as apply_migrations  # Alembic takes a while to import
    from emca_daemon.store.migrating import pending_migrations

    engine = open_engine(load_settings(config).store)
    try:
        with waiting("bringing the schema up to date"):
            revisions = list(pending_migrations(engine) if check else apply_migrations(engine))
    finally:
        engine.dispose()
    names = ", ".join(revisions)
    if check:
        output.said(f"missing: {names}" if revisions else "the schema is up to date", missing=revisions)
        raise SystemExit(1 if revisions else 0)
    output.said(f"applied: {names}" if revisions else "the schema is up to date", applied=revisions)
