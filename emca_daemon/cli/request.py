"""`emca-daemon request`: requests that wait for a person."""

import click

from emca_daemon.ca.pending import decode_facts
from emca_daemon.ca.records import PendingRequest, RequestState
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import serial_text

COLUMNS = ("id", "created", "state", "protocol", "requester", "profile", "summary")


@click.group()
def request() -> None:
    """Requests that wait for a person."""


@request.command("list")
@click.option("--state", type=click.Choice([state.value for state in RequestState]), default="waiting")
@click.option("--all", "every", is_flag=True, help="Whatever their state.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@core_command
def list_requests(core: Core, output: Output, state: str, every: bool, limit: int) -> None:
    """Requests, oldest first; those that wait when nothing else is said."""
    with core.store.reading() as tx:
        found = tx.pending.list(None if every else RequestState(state), limit)
    output.rows(COLUMNS, [_row(one) for one in found])


@request.command()
@click.argument("request_id")
@core_command
def show(core: Core, output: Output, request_id: str) -> None:
    """One request, whole."""
    with core.store.reading() as tx:
        found = tx.pending.get(request_id)
    if found is None:
        raise Refused(Reason.NOT_FOUND, f"there is no request `{request_id}`")
    facts = decode_facts(found.facts)
    output.record(
        _row(found)
        | {
            "subject": ", ".join(f"{attribute.oid}={attribute.value}" for attribute in facts.subject),
            "names": [str(name) for name in facts.names],
            "key": " ".join(filter(None, (facts.key.algorithm, facts.key.parameter, str(facts.key.bits)))),
            "origin": facts.requester.origin,
            "proof": facts.requester.proof,
        }
    )


@request.command()
@click.argument("request_id")
@click.option("--note", default="", help="Why, for the audit chain.")
@core_command
def approve(core: Core, output: Output, request_id: str, note: str) -> None:
    """Approve and issue."""
    intent = core.approval.approve(request_id, operator(), note).record.intent
    serial = serial_text(intent.serial)
    output.said(f"issued {intent.issuer}/{serial}", id=request_id, issuer=intent.issuer, serial=serial)


@request.command()
@click.argument("request_id")
@click.option("--note", default="", help="Why; the requester may be told.")
@core_command
def reject(core: Core, output: Output, request_id: str, note: str) -> None:
    """Refuse for good."""
    core.approval.reject(request_id, operator(), note)
    output.said(f"rejected {request_id}", id=request_id, state="rejected")


def _row(one: PendingRequest) -> dict[str, Value]:
    return {
        "id": one.id,
        "created": one.created,
        "state": one.state.value,
        "protocol": one.protocol,
        "requester": one.requester,
        "profile": one.profile,
        "summary": one.summary,
        "decided_by": one.decided_by or None,
        "decided_at": one.decided_at,
        "note": one.note or None,
        "issuer": one.issuer,
        "serial": serial_text(one.serial) if one.serial else None,
    }
