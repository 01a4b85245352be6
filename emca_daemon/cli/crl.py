"""`emca-daemon crl`: publish and show certificate revocation lists."""

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.records import IssuedCrl
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.cli.progress import waiting
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName


@click.group()
def crl() -> None:
    """Certificate revocation lists."""


@crl.command()
@click.argument("issuers", nargs=-1)
@core_command
def update(core: Core, output: Output, issuers: tuple[str, ...]) -> None:
    """Publish a new CRL for each ISSUER (all when none is named)."""
    names = [IssuerName(name) for name in issuers] or [authority.name for authority in core.authorities.known()]
    with waiting("signing"):
        published = [core.crls.publish(name, operator()) for name in names]
    output.rows(("issuer", "number", "entries", "this_update", "next_update"), [_row(crl) for crl in published])


@crl.command()
@click.argument("issuer")
@click.option("--pem", is_flag=True, help="Print the CRL itself in PEM.")
@core_command
def show(core: Core, output: Output, issuer: str, pem: bool) -> None:
    """The latest CRL of ISSUER."""
    with core.store.reading() as tx:
        latest = tx.crls.latest(IssuerName(issuer))
    if latest is None:
        raise Refused(Reason.NOT_FOUND, f"`{issuer}` has published no CRL")
    if pem:
        output.raw(x509.load_der_x509_crl(latest.der).public_bytes(Encoding.PEM).decode())
    else:
        output.record(_row(latest) | {"bytes": len(latest.der)})


def _row(crl: IssuedCrl) -> dict[str, Value]:
    return {
        "issuer": crl.issuer,
        "number": crl.number,
        "entries": crl.entries,
        "this_update": crl.this_update,
        "next_update": crl.next_update,
    }
