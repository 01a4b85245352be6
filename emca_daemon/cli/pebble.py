"""`emca-daemon pebble`: what client developers run in the place of Pebble, with Pebble's own options."""

import os
from pathlib import Path

import click

from emca_daemon.cli.command import report_refusals
from emca_daemon.composition.pebble_settings import PebblePlan, resolver_of
from emca_daemon.settings.pebble import PebbleEnvironment, read_pebble


@click.command(context_settings={"ignore_unknown_options": False})
@click.option(
    *("-config", "--config", "config"),
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("test/config/pebble-config.json"),
    show_default=True,
    help="Pebble's configuration file, JSON.",
)
@click.option(*("-dnsserver", "--dnsserver", "dnsserver"), default="", help="HOST:PORT of the DNS server to ask.")
@click.option(
    *("-strict", "--strict", "strict"), is_flag=False, flag_value="true", default="false", help="Accepted; no effect."
)
@report_refusals
def pebble(config: Path, dnsserver: str, strict: str) -> None:  # noqa: ARG001 - what Pebble's users write is taken
    """Serve as Pebble does, for tests of ACME clients: everything in memory, new CAs at each start.

    PEBBLE_VA_NOSLEEP, PEBBLE_VA_SLEEPTIME, PEBBLE_VA_ALWAYS_VALID, PEBBLE_WFE_NONCEREJECT, PEBBLE_AUTHZREUSE,
    PEBBLE_ALTERNATE_ROOTS, PEBBLE_CHAIN_LENGTH and PEBBLE_WFE_ORDERS_PER_PAGE mean what they mean to Pebble.
    """
    plan = PebblePlan(
        file=config.absolute(),
        settings=read_pebble(config, Path.cwd()),
        environment=PebbleEnvironment.of(os.environ),
        resolvers=(resolver_of(dnsserver),) if dnsserver else (),
    )
    from emca_daemon.composition.pebble import DIRECTORY, run_pebble

    def announce() -> None:
        management = plan.settings.management_listen_address
        if management is None:
            click.echo("Management interface is disabled")
        else:
            click.echo(f"Management interface listening on: {management}")
            for number in range(1 + plan.environment.alternate_roots):
                click.echo(f"Root CA certificate available at: https://{management}/roots/{number}")
        click.echo(f"Listening on: {plan.settings.listen_address}")
        click.echo(f"ACME directory available at: https://{plan.settings.listen_address}{DIRECTORY}")

    run_pebble(plan, announce)
