"""`emca-daemon init`: a folder with settings, profiles and a passphrase, and the database behind them."""

import shutil
from base64 import urlsafe_b64encode
from importlib.resources import as_file, files
from pathlib import Path

import click

from emca_daemon.cli.command import json_option, report_refusals
from emca_daemon.cli.output import Output
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import system_random
from emca_daemon.settings.checking import load_settings
from emca_daemon.store.database import open_engine
from emca_daemon.store.schema_version import is_current


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
@report_refusals
def init(folder: Path, output: Output) -> None:
    """Make FOLDER with emca.toml, profiles, a key passphrase and an empty database; nothing is overwritten."""
    for name, what in (("emca.toml", "settings"), ("profiles", "profiles")):
        if (folder / name).exists():
            raise Refused(Reason.WRONG_STATE, f"{folder} holds {what} already")
    with as_file(files("emca_daemon") / "conf") as conf:
        settings = (conf / "starter.toml").read_text()
    config = prepare(folder, settings)
    output.said(f"made {config}; next: emca-daemon --help, then ca create-root and ca create-sub", config=str(config))


def prepare(folder: Path, settings: str) -> Path:
    """Write the settings, profiles and passphrase into a private folder, make the database; the settings' path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = folder / "emca.toml"
    config.write_text(settings)
    with as_file(files("emca_daemon") / "conf" / "profiles") as profiles:
        shutil.copytree(profiles, folder / "profiles", dirs_exist_ok=True)
    (folder / "keys").mkdir(exist_ok=True, mode=0o700)
    write_secret(folder / "keys.passphrase", urlsafe_b64encode(system_random(24)))
    engine = open_engine(load_settings(config).store)
    try:
        if not is_current(engine):
            from emca_daemon.store.migrating import migrate

            migrate(engine)
    finally:
        engine.dispose()
    return config


def write_secret(path: Path, secret: bytes) -> None:
    """Write a secret that only its owner can read; an existing one is kept."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secret + b"\n")
