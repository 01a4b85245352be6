"""`emca-daemon audit`: the audit chain, shown and verified."""

from collections.abc import Iterator

import click

from emca_daemon.ca.audit import ChainReport, verify
from emca_daemon.ca.records import SealedEvent
from emca_daemon.cli.command import core_command
from emca_daemon.cli.output import Output, Value
from emca_daemon.cli.progress import watched
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused


@click.group()
def audit() -> None:
    """The audit chain."""


@audit.command("verify")
@click.option("--head", "noted", help="A head hash noted earlier: it must still be part of the chain.")
@core_command
def verify_chain(core: Core, output: Output, noted: str | None) -> None:
    """Walk the chain and name the first event that was altered, removed or inserted (exit code 5)."""
    seen: set[str] = set()
    report = walk(core, seen if noted else None)
    if report.fault:
        raise Refused(Reason.BAD_INTEGRITY, f"the audit chain is broken: {report.fault.detail}")
    if noted and noted.lower() not in seen:
        raise Refused(Reason.BAD_INTEGRITY, "the audit chain is broken: the head noted earlier is not part of it")
    output.said(
        f"{report.events} events, an unbroken chain; its head is {report.head.hex()}",
        events=report.events,
        head=report.head.hex(),
        unbroken=True,
    )


def walk(core: Core, seen: set[str] | None = None) -> ChainReport:
    """Verify the whole chain, collecting the hashes passed into `seen`."""
    with core.store.reading() as tx:
        head = tx.audit.head()
        events = watched(tx.audit.walk(), head[0], "verifying the audit chain")
        if seen is None:
            return verify(events, head, tx.audit.head)

        def noting() -> Iterator[SealedEvent]:
            for sealed in events:
                seen.add(sealed.hash.hex())
                yield sealed

        return verify(noting(), head, tx.audit.head)


@audit.command("list")
@click.option("--last", default=50, show_default=True, help="How many of the newest events.")
@click.option("--action", help="Only events whose action starts with this (`certificate.`).")
@core_command
def list_events(core: Core, output: Output, last: int, action: str | None) -> None:
    """The newest events, oldest first."""
    with core.store.reading() as tx:
        newest, _ = tx.audit.head()
        rows: list[dict[str, Value]] = [
            {
                "number": sealed.number,
                "at": sealed.event.at,
                "actor": sealed.event.actor,
                "action": sealed.event.action,
                "subject": sealed.event.subject,
                "outcome": sealed.event.outcome,
                "why": sealed.event.details.get("detail", ""),
                "proof": sealed.event.proof,
                "origin": sealed.event.origin,
                "request": sealed.event.request_id,
                **{f"detail_{key}": value for key, value in sealed.event.details.items()},
                "hash": sealed.hash.hex(),
            }
            for sealed in tx.audit.walk(max(1, newest - last + 1))
            if action is None or sealed.event.action.startswith(action)
        ]
    output.rows(("number", "at", "actor", "action", "subject", "outcome", "why"), rows)
