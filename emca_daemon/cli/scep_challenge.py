"""`emca-daemon scep challenge`: challenges that can be used a few times, for a while."""

import click

from emca_daemon.asn1.names import subject_to_name
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.composition.core import Core
from emca_daemon.composition.scep_provisioning import provisioning_of, scep_provisioning
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.challenge_records import Challenge
from emca_daemon.protocols.scep.terms import Terms, read_lifetime, read_names, read_subject

COLUMNS = ("id", "endpoint", "source", "created", "expires", "revoked", "uses", "most_uses", "subject", "names", "note")

endpoint_option = click.option("--endpoint", default="default", show_default=True, help="The endpoint it is for.")
uses_option = click.option(
    "--uses", default=1, show_default=True, type=click.IntRange(1, 1_000_000), help="How many requests may use it."
)
expires_option = click.option(
    "--expires",
    "lifetime",
    metavar="DURATION",
    help="How long it can be used: 30d, 12h ...; else as the settings say.",
)
name_option = click.option(
    "--name",
    "names",
    multiple=True,
    help="What requests ask for, and nothing else: dns:host.example, ip:10.0.0.1.",
)
note_option = click.option("--note", default="", help="Whose it is.")


@click.group()
def challenge() -> None:
    """Challenges that can be used a few times, for a while."""


@challenge.command()
@endpoint_option
@uses_option
@expires_option
@click.option("--subject", help='The only subject that requests may ask for (RFC 4514): "CN=device-1,O=Example".')
@name_option
@click.option("--no-names", is_flag=True, help="Requests may ask for no alternative names.")
@note_option
@core_command
def create(
    *,
    core: Core,
    output: Output,
    endpoint: str,
    uses: int,
    lifetime: str | None,
    subject: str | None,
    names: tuple[str, ...],
    no_names: bool,
    note: str,
) -> None:
    """Make a challenge; it is shown now and never again."""
    if names and no_names:
        raise Refused(Reason.MALFORMED, "expected names, or none, not both")
    terms = Terms(
        lifetime=read_lifetime(lifetime),
        uses=uses,
        subject=read_subject(subject),
        names=read_names(names) if names or no_names else None,
        note=note,
    )
    made = scep_provisioning(core, endpoint, "one-time").make(terms, operator(), source="operator")
    output.record({"id": made.challenge.id, "challenge": made.secret, "expires": made.challenge.expires})


@challenge.command("list")
@click.option("--endpoint", help="Only those of this endpoint.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--after", default="", help="Only those made after the one with this id.")
@core_command
def list_challenges(core: Core, output: Output, endpoint: str | None, limit: int, after: str) -> None:
    """Challenges that are no device's, oldest first, without their secrets."""
    with core.store.reading() as tx:
        found = tx.scep_challenges.list(endpoint, limit, after)
    output.rows(COLUMNS, [_row(one) for one in found])


@challenge.command()
@click.argument("challenge_id", metavar="ID")
@core_command
def revoke(core: Core, output: Output, challenge_id: str) -> None:
    """Let nobody use a challenge any more; certificates that it was used for stay."""
    with core.store.reading() as tx:
        found = tx.scep_challenges.get(challenge_id)
    if found is None:
        raise Refused(Reason.NOT_FOUND, f"there is no challenge `{challenge_id}`")
    provisioning_of(core, found.endpoint).revoke(challenge_id, operator())
    output.said(f"revoked {challenge_id}", id=challenge_id)


def _row(one: Challenge) -> dict[str, Value]:
    return {
        "id": one.id,
        "endpoint": one.endpoint,
        "source": one.source,
        "made_by": one.made_by,
        "created": one.created,
        "expires": one.expires,
        "revoked": one.revoked,
        "uses": one.uses,
        "most_uses": one.most_uses,
        "subject": None if one.subject is None else subject_to_name(one.subject).rfc4514_string(),
        "names": None if one.names is None else tuple(sorted(map(str, one.names))),
        "note": one.note or None,
    }
