"""`emca-daemon eab`: keys by which new ACME accounts are bound to accounts known from elsewhere (RFC 8555 7.3.4)."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import click

from emca_daemon.ca.audit import event_by
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value, fields_of
from emca_daemon.composition.core import Core
from emca_daemon.durations import parse_duration
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.bindings import check_pattern
from emca_daemon.protocols.acme.records import Binding

COLUMNS = ("id", "endpoint", "created", "expires", "revoked", "uses", "most_uses", "names", "note")
_SECRET_BYTES = 32


@click.group()
def eab() -> None:
    """Keys of external accounts, for ACME."""


@eab.command()
@click.option("--endpoint", help="The only ACME endpoint where it may be used.")
@click.option("--uses", "most_uses", type=click.IntRange(1, 1_000_000), help="How many accounts it may make.")
@click.option("--expires", "expires_in", metavar="DURATION", help="For how long it makes accounts: 30d, 12h ...")
@click.option(
    "--name", "names", multiple=True, help="What its accounts may order: example.com, .example.com, 10.0.0.0/8."
)
@click.option("--proved-name", "proved_names", multiple=True, help="The same for names that need no challenge.")
@click.option("--profile", "profiles", multiple=True, help="An ACME profile that its accounts may ask for.")
@click.option("--note", default="", help="Whose it is.")
@core_command
def create(
    *,
    core: Core,
    output: Output,
    endpoint: str | None,
    most_uses: int | None,
    expires_in: str | None,
    names: tuple[str, ...],
    proved_names: tuple[str, ...],
    profiles: tuple[str, ...],
    note: str,
) -> None:
    """Make a key; it is shown now and never again."""
    _check(core, endpoint, profiles)
    now = core.clock()
    binding = Binding(
        id=core.random(12).hex(),
        endpoint=endpoint,
        secret=core.random(_SECRET_BYTES),
        created=now,
        note=note,
        expires=None if expires_in is None else now + _duration(expires_in),
        most_uses=most_uses,
        names=tuple(map(_pattern, names)),
        proved_names=tuple(map(_pattern, proved_names)),
        profiles=profiles,
    )
    with core.store.writing() as tx:
        tx.acme.add_binding(binding)
        tx.audit.append(event_by(operator(), now, "external-account.create", binding.id, note=note))
    output.record({"id": binding.id, "hmac_key": urlsafe_b64encode(binding.secret).decode().rstrip("=")})


@eab.command("list")
@core_command
def list_bindings(core: Core, output: Output) -> None:
    """Every key, without its secret."""
    with core.store.reading() as tx:
        found = tx.acme.bindings()
    output.rows(COLUMNS, [_row(one) for one in found])


@eab.command()
@click.argument("binding_id", metavar="ID")
@core_command
def revoke(core: Core, output: Output, binding_id: str) -> None:
    """Let nobody use a key any more; the accounts that it made can order nothing."""
    now = core.clock()
    with core.store.writing() as tx:
        if not tx.acme.revoke_binding(binding_id, now):
            raise Refused(Reason.NOT_FOUND, f"there is no key `{binding_id}` that is not revoked yet")
        tx.audit.append(event_by(operator(), now, "external-account.revoke", binding_id))
    output.said(f"revoked {binding_id}", id=binding_id)


def _check(core: Core, endpoint: str | None, profiles: tuple[str, ...]) -> None:
    endpoints = core.settings.acme
    if endpoint is not None and endpoint not in endpoints:
        raise Refused(Reason.NOT_FOUND, f"there is no ACME endpoint `{endpoint}`")
    chosen = endpoints.values() if endpoint is None else [endpoints[endpoint]]
    known = {name for settings in chosen for name in settings.profiles}
    for name in profiles:
        if name not in known:
            raise Refused(Reason.NOT_FOUND, f"no ACME endpoint advertises a profile `{name}`")


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError:
        raise Refused(Reason.MALFORMED, f'`{text}` is not a duration such as "30d"') from None


def _pattern(text: str) -> str:
    try:
        return check_pattern(text)
    except ValueError as error:
        raise Refused(Reason.MALFORMED, f"`{text}` is not {error}") from None


def _row(one: Binding) -> dict[str, Value]:
    return fields_of(one, (*COLUMNS, "proved_names", "profiles")) | {"note": one.note or None}
