"""`emca-daemon cert`: certificates, listed, shown, searched, revoked, held, released, exported."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from emca_daemon.ca.records import CertificateQuery, CertificateRecord, RevocationReason
from emca_daemon.cli.certificates import certificate_row, find_certificate, reason_of, search
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName

_DAYS = 100_000
"""How far from now a date may be asked for: further than any certificate reaches, nearer than the calendar's end."""

STATUSES = ("valid", "expired", "revoked", "held", "abandoned")
COLUMNS = ("issuer", "serial", "status", "subject", "names", "not_after", "profile")


@click.group()
def cert() -> None:
    """Certificates; CERTIFICATE is ISSUER/SERIAL, a serial, a SHA-256 fingerprint or a file."""


@cert.command("list")
@click.option("--issuer", help="Only those of this issuer.")
@click.option("--profile", help="Only those of this profile.")
@click.option("--status", type=click.Choice(STATUSES), help="Only those in this state.")
@click.option(
    "--expires-within",
    type=click.IntRange(-_DAYS, _DAYS),
    metavar="DAYS",
    help="Only those that expire within so many days.",
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@core_command
def list_certificates(
    core: Core,
    output: Output,
    issuer: str | None,
    profile: str | None,
    status: str | None,
    expires_within: int | None,
    limit: int,
) -> None:
    """Certificates, newest first."""
    query = CertificateQuery(
        issuer=IssuerName(issuer) if issuer else None,
        profile=ProfileName(profile) if profile else None,
        status=status,
        expires_before=None if expires_within is None else core.clock() + timedelta(days=expires_within),
        limit=limit,
    )
    output.rows(COLUMNS, search(core, query))


@cert.command("search")
@click.argument("text")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@core_command
def search_certificates(core: Core, output: Output, text: str, limit: int) -> None:
    """Certificates whose subject, names or serial hold TEXT, newest first."""
    output.rows(COLUMNS, search(core, CertificateQuery(text=text, limit=limit)))


@cert.command()
@click.argument("certificate")
@core_command
def show(core: Core, output: Output, certificate: str) -> None:
    """Everything known of a certificate."""
    output.record(certificate_row(find_certificate(core, certificate), core.clock()))


@cert.command()
@click.argument("certificate")
@click.option("--reason", default="unspecified", show_default=True, help="An RFC 5280 reason, by name or number.")
@click.option("--invalid-since", type=click.DateTime(), help="When the key became unsafe (UTC).")
@core_command
def revoke(core: Core, output: Output, certificate: str, reason: str, invalid_since: datetime | None) -> None:
    """Revoke a certificate for good."""
    _revoke(core, output, find_certificate(core, certificate), reason_of(reason), invalid_since)


@cert.command()
@click.argument("certificate")
@core_command
def hold(core: Core, output: Output, certificate: str) -> None:
    """Put a certificate on hold; `release` ends it."""
    _revoke(core, output, find_certificate(core, certificate), RevocationReason.CERTIFICATE_HOLD, None)


@cert.command()
@click.argument("certificate")
@core_command
def release(core: Core, output: Output, certificate: str) -> None:
    """End the hold of a certificate."""
    intent = find_certificate(core, certificate).intent
    core.revoking.release(intent.issuer, intent.serial, operator())
    text = f"{intent.issuer}/{intent.serial:x}"
    output.said(f"released: {intent.subject or text}", **_named(core, text))


@cert.command()
@click.argument("certificate")
@click.option("--format", "form", type=click.Choice(["pem", "chain", "der", "p7b"]), default="pem", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of standard output.")
@core_command
def export(core: Core, output: Output, certificate: str, form: str, out: Path | None) -> None:
    """A certificate: alone (pem, der) or with its chain (chain, p7b)."""
    record = find_certificate(core, certificate)
    if record.der is None:
        raise Refused(Reason.NOT_FOUND, "nothing was issued under this serial")
    data = _exported(core, record, form)
    if out is not None:
        out.write_bytes(data)
        output.said(f"wrote {out}", file=str(out))
    elif form in ("der", "p7b"):
        sys.stdout.buffer.write(data)
    else:
        output.raw(data.decode())


def _exported(core: Core, record: CertificateRecord, form: str) -> bytes:
    chain = [x509.load_der_x509_certificate(der) for der in core.enrollment.chain_of(record)]
    if form == "p7b":
        return pkcs7.serialize_certificates(chain, Encoding.DER)
    if form == "der":
        return chain[0].public_bytes(Encoding.DER)
    wanted = chain if form == "chain" else chain[:1]
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in wanted)


def _revoke(
    core: Core, output: Output, record: CertificateRecord, reason: RevocationReason, invalid_since: datetime | None
) -> None:
    intent = record.intent
    since = invalid_since.replace(tzinfo=UTC) if invalid_since else None
    core.revoking.revoke(intent.issuer, intent.serial, reason, operator(), since, key_proved=True)
    done = "put on hold" if reason is RevocationReason.CERTIFICATE_HOLD else "revoked"
    text = f"{intent.issuer}/{intent.serial:x}"
    output.said(f"{done}: {intent.subject or text}", **_named(core, text))


def _named(core: Core, certificate: str) -> dict[str, Value]:
    return certificate_row(find_certificate(core, certificate), core.clock())
