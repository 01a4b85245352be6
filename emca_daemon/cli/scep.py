"""`emca-daemon scep`: what the operator of SCEP endpoints does."""

import click

from emca_daemon.cli.scep_challenge import challenge
from emca_daemon.cli.scep_device import device


@click.group()
def scep() -> None:
    """One-time challenges and registered devices, for SCEP."""


scep.add_command(challenge)
scep.add_command(device)
