"""`emca-daemon key`: the private keys in the signers, by name."""

import click

from emca_daemon.ca.audit import event_by
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output, Value
from emca_daemon.cli.progress import waiting
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName


@click.group()
def key() -> None:
    """Private keys: `SIGNER:LABEL`."""


@key.command("list")
@core_command
def list_keys(core: Core, output: Output) -> None:
    """Every key of every signer."""
    output.rows(("key", "algorithm"), _rows(core, ""))


@key.command()
@click.argument("text")
@core_command
def find(core: Core, output: Output, text: str) -> None:
    """The keys whose name holds TEXT."""
    found = _rows(core, text)
    if not found:
        raise Refused(Reason.NOT_FOUND, f"no key's name holds `{text}`")
    output.rows(("key", "algorithm"), found)


@key.command()
@click.argument("name")
@click.option("--algorithm", default="p-256", show_default=True, help="rsa-3072, p-384, ed25519, ml-dsa-65 ...")
@click.option("--decrypts", is_flag=True, help="An RSA key for decrypting, too: a CA's that SCEP's clients encrypt to.")
@core_command
def generate(core: Core, output: Output, name: str, algorithm: str, decrypts: bool) -> None:
    """Make a key called NAME (`SIGNER:LABEL`)."""
    with waiting(f"making a {algorithm} key"):
        core.keys.generate(KeyName(name), algorithm, decrypts=decrypts)
    with core.store.writing() as tx:
        tx.audit.append(event_by(operator(), core.clock(), "key.generate", name, algorithm=algorithm))
    output.said(f"made {name} ({algorithm})", key=name, algorithm=algorithm)


def _rows(core: Core, text: str) -> list[dict[str, Value]]:
    return [{"key": name, "algorithm": algorithm} for name, algorithm in core.keys.list() if text in name]
