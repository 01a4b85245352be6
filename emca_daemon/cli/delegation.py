"""`emca-daemon delegation`: which certificates ACME accounts may order on behalf of others (RFC 9115)."""

import json
from collections.abc import Iterable
from pathlib import Path

import click

from emca_daemon.ca.audit import event_by
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value, fields_of
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.protocols.acme.csr_template import read_template
from emca_daemon.protocols.acme.records import Account, Delegation
from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.protocols.json_text import read_object

COLUMNS = ("id", "account", "created", "revoked", "note")
_ID_BYTES = 15
_LARGEST = 65_536


@click.group()
def delegation() -> None:
    """Certificates that ACME accounts order on behalf of others."""


@delegation.command()
@click.argument("account", metavar="ACCOUNT")
@click.argument("template", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--cname", "cnames", multiple=True, metavar="NAME=ALIAS", help="An alias that clients are told of.")
@click.option("--note", default="", help="What it is for.")
@core_command
def create(core: Core, output: Output, account: str, template: Path, cnames: tuple[str, ...], note: str) -> None:
    """Delegate to an ACCOUNT, told by its address, what the file TEMPLATE (JSON, RFC 9115 4) says of CSRs."""
    with template.open("rb") as file:
        document = read_object(file.read(_LARGEST), str(template))
    read_template(document)
    aliases = tuple(_alias(one) for one in cnames)
    now = core.clock()
    with core.store.writing() as tx:
        known = _account(core, tx.acme.account(account.rpartition("/")[2]), account)
        made = Delegation(
            id=core.random(_ID_BYTES).hex(),
            account_id=known.id,
            csr_template=json.dumps(document, separators=(",", ":")),
            created=now,
            cname_map=aliases,
            note=note,
        )
        tx.acme.add_delegation(made)
        url = _url(core, known)
        tx.audit.append(event_by(operator(), now, "delegation.create", made.id, account=url, note=note))
    address = f"{core.settings.acme[known.endpoint].base_url}/delegation/{made.id}"
    output.record({"id": made.id, "account": url, "delegation": address})


@delegation.command("list")
@core_command
def list_delegations(core: Core, output: Output) -> None:
    """Every delegation, revoked ones too."""
    with core.store.reading() as tx:
        rows = [_row(core, one, tx.acme.account(one.account_id)) for one in tx.acme.delegations()]
    output.rows(COLUMNS, rows)


@delegation.command()
@click.argument("delegation_id", metavar="ID")
@core_command
def revoke(core: Core, output: Output, delegation_id: str) -> None:
    """Let nobody order by a delegation any more; its automatic renewals end, too."""
    now = core.clock()
    with core.store.writing() as tx:
        if not tx.acme.revoke_delegation(delegation_id, now):
            raise Refused(Reason.NOT_FOUND, f"there is no delegation `{delegation_id}` that is not revoked yet")
        tx.audit.append(event_by(operator(), now, "delegation.revoke", delegation_id))
    output.said(f"revoked {delegation_id}", id=delegation_id)


def _account(core: Core, account: Account | None, told: str) -> Account:
    """Raises Refused for accounts that can order nothing by a delegation."""
    if account is None or ("/" in told and _url(core, account) != told):
        raise Refused(Reason.NOT_FOUND, f"there is no ACME account `{told}`")
    if account.status is not AccountStatus.VALID:
        raise Refused(Reason.WRONG_STATE, f"the account is {account.status.value}")
    settings = core.settings.acme.get(account.endpoint)
    if settings is None or not settings.delegation:
        raise Refused(Reason.WRONG_STATE, f"[acme.{account.endpoint}] does not say `delegation = true`")
    return account


def _url(core: Core, account: Account) -> str:
    settings = core.settings.acme.get(account.endpoint)
    return account.id if settings is None else f"{settings.base_url}/account/{account.id}"


def _alias(text: str) -> tuple[str, str]:
    name, _, alias = text.lower().partition("=")
    faults: Iterable[str | None] = (dns_name_problem(one, wildcard=False, underscores=True) for one in (name, alias))
    if any(faults):
        raise Refused(Reason.MALFORMED, f"`{text}` is not NAME=ALIAS, both of them domain names")
    return name, alias


def _row(core: Core, one: Delegation, account: Account | None) -> dict[str, Value]:
    row: dict[str, Value] = {**fields_of(one, ("id", "created", "revoked")), "note": one.note or None}
    aliases = [f"{name}={alias}" for name, alias in one.cname_map]
    url = one.account_id if account is None else _url(core, account)
    return {**row, "account": url, "cname_map": aliases, "csr_template": one.csr_template}
