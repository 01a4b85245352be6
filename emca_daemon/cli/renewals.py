"""`emca-daemon renewals`: telling ACME clients to renew earlier than they would (RFC 9773)."""

from datetime import UTC, datetime, timedelta

import click

from emca_daemon.ca.audit import event_by
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value, fields_of
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.protocols.acme.records import RenewalPlan
from emca_daemon.settings.findings import is_url

COLUMNS = ("id", "issuer", "profile", "begins", "ends", "cancelled", "reason")


@click.group()
def renewals() -> None:
    """Plans by which ACME clients renew early."""


@renewals.command()
@click.option("--issuer", required=True, help="Whose certificates.")
@click.option("--profile", help="Only those of one of our profiles.")
@click.option("--reason", required=True, help="Why, for the audit chain.")
@click.option("--by", required=True, metavar="DATE", help="When all should be renewed: 2026-06-30, 2026-06-30T12:00.")
@click.option("--from", "begins", metavar="DATE", help="When renewals may begin; now, when not said.")
@click.option("--explanation", metavar="URL", help="A page that clients may show to people.")
@core_command
def plan(
    *,
    core: Core,
    output: Output,
    issuer: str,
    profile: str | None,
    reason: str,
    by: str,
    begins: str | None,
    explanation: str | None,
) -> None:
    """Move the renewal windows of an issuer's present certificates: evenly spread until a date."""
    now = core.clock().replace(microsecond=0)
    made = RenewalPlan(
        id=core.random(6).hex(),
        issuer=core.authorities.get(IssuerName(issuer)).name,
        profile=None if profile is None else core.enrollment.profile(ProfileName(profile)).name,
        reason=reason,
        explanation=explanation,
        begins=now if begins is None else _moment(begins),
        ends=_moment(by),
        created=now + timedelta(seconds=1),
    )
    if made.ends <= max(made.begins, now):
        raise Refused(Reason.MALFORMED, "the date does not lie after the beginning and now")
    if explanation is not None and not is_url(explanation, "https", "http"):
        raise Refused(Reason.MALFORMED, f"expected a web address, found `{explanation}`")
    with core.store.writing() as tx:
        tx.acme.add_renewal_plan(made)
        tx.audit.append(
            event_by(
                operator(),
                now,
                "renewal.plan",
                issuer,
                plan=made.id,
                why=reason,
                begins=made.begins.isoformat(),
                ends=made.ends.isoformat(),
                profile=made.profile,
            )
        )
    output.said(
        f"planned {made.id}: {issuer} from {made.begins:%Y-%m-%d %H:%M} to {made.ends:%Y-%m-%d %H:%M} UTC",
        id=made.id,
        issuer=issuer,
        begins=made.begins,
        ends=made.ends,
    )


@renewals.command("list")
@core_command
def list_plans(core: Core, output: Output) -> None:
    """Every plan, cancelled ones too."""
    with core.store.reading() as tx:
        found = tx.acme.renewal_plans()
    output.rows(COLUMNS, [_row(one) for one in found])


@renewals.command()
@click.argument("plan_id", metavar="ID")
@core_command
def cancel(core: Core, output: Output, plan_id: str) -> None:
    """End a plan: windows are again what they were."""
    now = core.clock()
    with core.store.writing() as tx:
        if not tx.acme.cancel_renewal_plan(plan_id, now):
            raise Refused(Reason.NOT_FOUND, f"there is no plan `{plan_id}` that is not cancelled yet")
        tx.audit.append(event_by(operator(), now, "renewal.cancel", plan_id))
    output.said(f"cancelled {plan_id}", id=plan_id)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(Reason.MALFORMED, f"`{text}` is not a date such as 2026-06-30 or 2026-06-30T12:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def _row(one: RenewalPlan) -> dict[str, Value]:
    return fields_of(one, (*COLUMNS, "created", "explanation"))
