"""`emca-daemon ca`: certificate authorities, made, brought in, shown and ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.names import name_to_subject
from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.ca.records import IssuerRecord
from emca_daemon.cli.certificates import read_certificates, reason_of
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.cli.progress import waiting
from emca_daemon.composition.core import Core, publication
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName, Subject
from emca_daemon.settings.secrets import read_secret

COLUMNS = ("name", "state", "subject", "parent", "profile", "key", "not_after")
_MAX_PKCS12 = 1 << 20


def new_authority_options(profile: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """NAME and the options that every new authority has."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(
            (
                click.argument("name"),
                click.option("--subject", required=True, help='RFC 4514 text: "CN=Example Root CA,O=Example,C=DE".'),
                click.option("--profile", default=profile, show_default=True),
                click.option("--key", help="SIGNER:LABEL; `software:NAME` when not given."),
                click.option("--algorithm", default="p-256", show_default=True, help="rsa-4096, p-384, ml-dsa-65 ..."),
                click.option("--existing-key", is_flag=True, help="Use the key as it is instead of making one."),
                click.option("--pss", is_flag=True, help="Sign with RSASSA-PSS (RSA keys)."),
            )
        ):
            function = option(function)
        return function

    return add


def new_authority(
    name: str, subject: str, profile: str, key: str | None, algorithm: str, existing_key: bool, pss: bool
) -> NewAuthority:
    """What those options ask for."""
    return NewAuthority(
        name=IssuerName(name),
        profile=ProfileName(profile),
        subject=parse_subject(subject),
        key=KeyName(key or f"software:{name}"),
        algorithm="" if existing_key else algorithm,
        pss=pss,
    )


def parse_subject(text: str) -> Subject:
    """RFC 4514 text, which runs from the last attribute to the first, in encoding order; raises Refused(MALFORMED)."""
    try:
        return name_to_subject(x509.Name.from_rfc4514_string(text))
    except ValueError:
        raise Refused(Reason.MALFORMED, f'`{text}` is no distinguished name like "CN=Example,O=Example,C=DE"') from None


@click.group()
def ca() -> None:
    """Certificate authorities (issuers)."""


@ca.command("create-root")
@new_authority_options("root-ca")
@core_command
def create_root(core: Core, output: Output, **options: str | bool | None) -> None:
    """Make a self-signed CA called NAME."""
    new = new_authority(**options)  # type: ignore[arg-type]
    with waiting("making the root"), _telling_of_keys(core, new):
        record = core.hierarchy.create_root(new, operator())
    _made(core, output, record)


@ca.command("create-sub")
@new_authority_options("issuing-ca")
@click.option("--parent", required=True, help="The issuer that signs it.")
@core_command
def create_sub(core: Core, output: Output, parent: str, **options: str | bool | None) -> None:
    """Make a CA called NAME under one of ours."""
    new = new_authority(**options)  # type: ignore[arg-type]
    with waiting("making the CA"), _telling_of_keys(core, new):
        record = core.hierarchy.create_sub(new, IssuerName(parent), operator())
    _made(core, output, record)


@ca.command()
@new_authority_options("issuing-ca")
@core_command
def csr(core: Core, output: Output, **options: str | bool | None) -> None:
    """Make a CA called NAME that another CA shall sign, and print its request; `import` brings the answer in."""
    new = new_authority(**options)  # type: ignore[arg-type]
    with waiting("making the key"), _telling_of_keys(core, new):
        record = core.external.request(new, operator())
    request = x509.load_der_x509_csr(record.csr or b"")
    output.raw(request.public_bytes(Encoding.PEM).decode())


@ca.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--pkcs12", is_flag=True, help="FILE is a PKCS #12 file with the key of a CA made elsewhere.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="The passphrase of the PKCS #12 file.")
@click.option("--profile", default="issuing-ca", show_default=True, help="With --pkcs12: the profile it goes by.")
@click.option("--key", help="With --pkcs12: SIGNER:LABEL to keep the key at; `software:NAME` when not given.")
@click.option("--pss", is_flag=True, help="With --pkcs12: sign with RSASSA-PSS (RSA keys).")
@core_command
def import_ca(
    core: Core, output: Output, name: str, file: Path, pkcs12: bool, **options: str | bool | Path | None
) -> None:
    """Bring in the certificate of a waiting CA (with the chain above it), or a whole CA from PKCS #12."""
    if not pkcs12:
        _made(core, output, core.external.bring_in(IssuerName(name), read_certificates(file), operator()))
        return
    new = NewAuthority(
        name=IssuerName(name),
        profile=ProfileName(str(options["profile"])),
        subject=(),
        key=KeyName(str(options["key"] or f"software:{name}")),
        pss=bool(options["pss"]),
    )
    with file.open("rb") as opened:
        data = opened.read(_MAX_PKCS12)
    passphrase_file = options["passphrase_file"]
    passphrase = read_secret(passphrase_file) if isinstance(passphrase_file, Path) else None
    _made(core, output, core.external.bring_in_pkcs12(new, data, passphrase, operator()))


@ca.command("list")
@core_command
def list_authorities(core: Core, output: Output) -> None:
    """Every issuer, oldest first."""
    with core.store.reading() as tx:
        records = tx.issuers.all()
    output.rows(COLUMNS, [_row(record) for record in records])


@ca.command()
@click.argument("name")
@core_command
def show(core: Core, output: Output, name: str) -> None:
    """Everything known of an issuer."""
    record = _get(core, name)
    with core.store.reading() as tx:
        latest = tx.crls.latest(record.name)
    published = publication(core.settings, record.name)
    output.record(
        _row(record)
        | {
            "created": record.created,
            "pss": record.pss,
            "crl_number": latest.number if latest else None,
            "crl_next_update": latest.next_update if latest else None,
            "crl_urls": published.crl_urls,
            "ocsp_urls": published.ocsp_urls,
            "issuer_urls": published.issuer_urls,
        }
    )


@ca.command()
@click.argument("name")
@click.option("--chain", is_flag=True, help="With every certificate up to the root.")
@core_command
def export(core: Core, output: Output, name: str, chain: bool) -> None:
    """An issuer's certificate in PEM; for a CA that waits, its request."""
    record = _get(core, name)
    if not record.chain:
        output.raw(x509.load_der_x509_csr(record.csr or b"").public_bytes(Encoding.PEM).decode())
        return
    wanted = record.chain if chain else record.chain[:1]
    output.raw("".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode() for der in wanted))


@ca.command()
@click.argument("name")
@click.option("--reason", default="cessation-of-operation", show_default=True)
@core_command
def revoke(core: Core, output: Output, name: str, reason: str) -> None:
    """End a CA: it issues nothing any more, and its parent's CRL lists it."""
    record = core.hierarchy.revoke(IssuerName(name), reason_of(reason), operator())
    output.said(f"revoked {name}", **_row(record))


@contextmanager
def _telling_of_keys(core: Core, new: NewAuthority) -> Iterator[None]:
    """Say in a refusal that the key of the new CA exists, if no issuer has it, and how to take it."""
    try:
        yield
    except Refused as refusal:
        if not new.algorithm or refusal.mismatches:
            raise
        with core.store.reading() as tx:
            taken = any(record.key == new.key for record in tx.issuers.all())
        if taken or new.key not in (name for name, _ in core.keys.list()):
            raise
        detail = f"{refusal.detail}; the key `{new.key}` is there, and --existing-key takes it as it is"
        raise Refused(refusal.reason, detail) from None


def _get(core: Core, name: str) -> IssuerRecord:
    with core.store.reading() as tx:
        record = tx.issuers.get(IssuerName(name))
    if record is None:
        raise Refused(Reason.NOT_FOUND, f"there is no issuer `{name}`")
    return record


def _made(core: Core, output: Output, record: IssuerRecord) -> None:
    core.crls.publish(record.name, operator())
    output.said(f"{record.name}: {record.subject}", **_row(record))


def _row(record: IssuerRecord) -> dict[str, Value]:
    certificate = x509.load_der_x509_certificate(record.chain[0]) if record.chain else None
    return {
        "name": record.name,
        "state": record.state.value,
        "subject": record.subject,
        "parent": record.parent,
        "profile": record.profile,
        "key": record.key,
        "serial": f"{certificate.serial_number:x}" if certificate else None,
        "not_before": certificate.not_valid_before_utc if certificate else None,
        "not_after": certificate.not_valid_after_utc if certificate else None,
    }
