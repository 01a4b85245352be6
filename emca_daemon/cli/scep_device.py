"""`emca-daemon scep device`: devices that are known before they ask, each with a challenge of its own."""

import click

from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.cli.scep_challenge import endpoint_option, expires_option, name_option, note_option, uses_option
from emca_daemon.composition.core import Core
from emca_daemon.composition.scep_provisioning import provisioning_of, scep_provisioning
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.challenge_records import Challenge, Device
from emca_daemon.protocols.scep.provisioning import Made
from emca_daemon.protocols.scep.terms import Terms, read_lifetime, read_names

COLUMNS = ("id", "endpoint", "manufacturer", "model", "device_id", "created", "expires", "uses", "most_uses", "note")


@click.group()
def device() -> None:
    """Devices that are known before they ask, each with a challenge of its own."""


@device.command()
@click.argument("manufacturer")
@click.argument("model")
@click.argument("device_id")
@endpoint_option
@uses_option
@expires_option
@name_option
@note_option
@core_command
def register(
    *,
    core: Core,
    output: Output,
    manufacturer: str,
    model: str,
    device_id: str,
    endpoint: str,
    uses: int,
    lifetime: str | None,
    names: tuple[str, ...],
    note: str,
) -> None:
    """Register a device; its challenge is shown now and never again."""
    terms = _terms(uses, lifetime, names, note)
    provisioning = scep_provisioning(core, endpoint, "device")
    _show(output, *provisioning.register(manufacturer, model, device_id, terms, operator()))


@device.command("challenge")
@click.argument("registration", metavar="ID")
@uses_option
@expires_option
@name_option
@core_command
def challenge_again(
    core: Core, output: Output, registration: str, uses: int, lifetime: str | None, names: tuple[str, ...]
) -> None:
    """Make another challenge for a registered device, in the place of the one before."""
    terms = _terms(uses, lifetime, names, "")
    provisioning = scep_provisioning(core, _existing(core, registration).endpoint, "device")
    _show(output, *provisioning.challenge_again(registration, terms, operator()))


@device.command("list")
@click.option("--endpoint", help="Only those of this endpoint.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--after", default="", help="Only those registered after the one with this id.")
@core_command
def list_devices(core: Core, output: Output, endpoint: str | None, limit: int, after: str) -> None:
    """Registered devices, oldest first, and how their latest challenges stand."""
    with core.store.reading() as tx:
        rows = [
            (one, tx.scep_challenges.of_device(one.id)) for one in tx.scep_challenges.devices(endpoint, limit, after)
        ]
    output.rows(COLUMNS, [_row(one, latest) for one, latest in rows])


@device.command()
@click.argument("registration", metavar="ID")
@core_command
def remove(core: Core, output: Output, registration: str) -> None:
    """Forget a device and its challenge; its certificates stay."""
    found = _existing(core, registration)
    provisioning_of(core, found.endpoint).remove(registration, operator())
    output.said(f"removed {found.identity}", id=registration)


def _existing(core: Core, registration: str) -> Device:
    with core.store.reading() as tx:
        found = tx.scep_challenges.device(registration)
    if found is None:
        raise Refused(Reason.NOT_FOUND, f"there is no registered device `{registration}`")
    return found


def _terms(uses: int, lifetime: str | None, names: tuple[str, ...], note: str) -> Terms:
    return Terms(lifetime=read_lifetime(lifetime), uses=uses, names=read_names(names) if names else None, note=note)


def _show(output: Output, found: Device, made: Made) -> None:
    output.record({"id": found.id, "challenge": made.secret, "expires": made.challenge.expires})


def _row(one: Device, latest: Challenge | None) -> dict[str, Value]:
    return {
        "id": one.id,
        "endpoint": one.endpoint,
        "manufacturer": one.manufacturer,
        "model": one.model,
        "device_id": one.device_id,
        "made_by": one.made_by,
        "created": one.created,
        "expires": None if latest is None else latest.expires,
        "uses": None if latest is None else latest.uses,
        "most_uses": None if latest is None else latest.most_uses,
        "note": one.note or None,
    }
