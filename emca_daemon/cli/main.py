"""The `emca-daemon` command: one group, one file a subcommand."""

import os
from pathlib import Path

import click

from emca_daemon.cli.audit import audit
from emca_daemon.cli.ca import ca
from emca_daemon.cli.cert import cert
from emca_daemon.cli.check_config import check_config
from emca_daemon.cli.command import Commands
from emca_daemon.cli.crl import crl
from emca_daemon.cli.delegation import delegation
from emca_daemon.cli.demo import demo
from emca_daemon.cli.eab import eab
from emca_daemon.cli.init import init
from emca_daemon.cli.key import key
from emca_daemon.cli.migrate import migrate
from emca_daemon.cli.pebble import pebble
from emca_daemon.cli.perspective import perspective
from emca_daemon.cli.profile import profile
from emca_daemon.cli.renewals import renewals
from emca_daemon.cli.request import request
from emca_daemon.cli.scep import scep
from emca_daemon.cli.serve import serve
from emca_daemon.cli.user import user


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="emca-daemon")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="The settings file, for every command.")
def main(config: Path | None) -> None:
    """A certificate authority as one daemon.

    Every command takes --config FILE (or EMCA_CONFIG) and --json. Exit codes: 0 done, 1 refused, 2 wrong usage,
    3 not found, 4 store or signer out of reach, 5 integrity broken.
    """
    if config is not None:
        os.environ["EMCA_CONFIG"] = str(config.absolute())


ACME = (delegation, eab, perspective, renewals)

for command in (
    *ACME,
    init,
    demo,
    serve,
    check_config,
    migrate,
    ca,
    profile,
    cert,
    request,
    crl,
    audit,
    key,
    pebble,
    scep,
    user,
):
    main.add_command(command)
