"""`emca-daemon demo`: a fresh CA with everything on, for trying out; what `./run` calls."""

import os
from importlib.resources import files
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.cli.ca import parse_subject
from emca_daemon.cli.command import operator, report_refusals
from emca_daemon.cli.demo_endpoints import announce, write_endpoints
from emca_daemon.cli.demo_ports import check_ports
from emca_daemon.cli.demo_secrets import make_secrets
from emca_daemon.cli.init import prepare
from emca_daemon.composition.core import Core, open_core
from emca_daemon.composition.daemon import run_daemon
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.settings.checking import load_settings

ROOT = IssuerName("demo-root")
ISSUING = IssuerName("demo-issuing")


@click.command()
@click.option("--home", envvar="DEMO_HOME", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--port", envvar="PORT", type=click.IntRange(1, 65534), default=8080, show_default=True)
@click.option("--tls-port", envvar="TLS_PORT", type=click.IntRange(1, 65534), default=8443, show_default=True)
@report_refusals
def demo(home: Path, port: int, tls_port: int) -> None:
    """Serve a demonstration CA on loopback: root and issuing CA, software keys, SQLite, every protocol on.

    HOME is made once; its settings are written anew from conf/demo.toml at every start. Two more ports are used, those
    after the two that are chosen.
    """
    check_ports(port, tls_port)
    home = home.absolute()
    (home / "endpoints.json").unlink(missing_ok=True)  # whoever waits for it waits for this start
    config = prepare(home, demo_settings(home, port, tls_port))
    core = open_core(load_settings(config, files=False))
    try:
        create_hierarchy(core)
        make_secrets(core, home)
        write_certificates(core, home)
    finally:
        core.store.close()
    os.environ["EMCA_CONFIG"] = str(config)

    def ready() -> None:
        write_endpoints(home, port, tls_port)
        announce(home, port, tls_port)

    run_daemon(load_settings(config), ready=ready)


def demo_settings(home: Path, port: int, tls_port: int) -> str:
    """conf/demo.toml with its places filled in."""
    settings = (files("emca_daemon") / "conf" / "demo.toml").read_text()
    places = {"home": home, "port": port, "tls_port": tls_port, "est_port": tls_port + 1, "metrics_port": port + 1}
    for place, value in places.items():
        settings = settings.replace(f"{{{place}}}", str(value))
    return settings


def create_hierarchy(core: Core) -> None:
    """Make the demo's root and issuing CA unless they are there; their keys go to the token if there is one."""
    with core.store.reading() as tx:
        present = {record.name for record in tx.issuers.all()}
    signer = next(iter(core.settings.pkcs11), None) or next(iter(core.settings.software))
    root = NewAuthority(
        name=ROOT,
        profile=ProfileName("root-ca"),
        subject=parse_subject("CN=EMCA Demo Root CA,O=EMCA Demo"),
        key=KeyName(f"{signer}:{ROOT}"),
        algorithm="p-256",
    )
    issuing = NewAuthority(
        name=ISSUING,
        profile=ProfileName("issuing-ca"),
        subject=parse_subject("CN=EMCA Demo Issuing CA,O=EMCA Demo"),
        key=KeyName(f"{signer}:{ISSUING}"),
        algorithm="p-256",
    )
    if ROOT not in present:
        core.hierarchy.create_root(root, operator())
    if ISSUING not in present:
        core.hierarchy.create_sub(issuing, ROOT, operator())


def write_certificates(core: Core, home: Path) -> None:
    """The demo's CA certificates as PEM files: root.pem, issuer.pem, and ca-bundle.pem with both."""
    chain = [certificate.public_bytes(Encoding.PEM) for certificate in core.authorities.get(ISSUING).chain]
    (home / "issuer.pem").write_bytes(chain[0])
    (home / "root.pem").write_bytes(chain[-1])
    (home / "ca-bundle.pem").write_bytes(b"".join(chain))
