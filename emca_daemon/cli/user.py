"""`emca-daemon user`: users who authenticate by password, over EST for one."""

from dataclasses import replace
from pathlib import Path

import click

from emca_daemon.ca.audit import event_by
from emca_daemon.ca.credentials import Credential
from emca_daemon.ca.passwords import new_credential, with_password
from emca_daemon.cli.command import core_command, operator
from emca_daemon.cli.output import Output
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.secrets import read_secret

COLUMNS = ("realm", "name", "groups", "created", "digest", "failures", "locked_until")

_realm = click.option("--realm", default="est", show_default=True, help="Whose user it is.")
_password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the password; without it, it is asked for.",
)


@click.group()
def user() -> None:
    """Users who authenticate by password."""


@user.command()
@click.argument("name")
@_realm
@click.option("--group", "groups", multiple=True, help="A group that profiles may ask for.")
@click.option(
    "--digest",
    "digests",
    multiple=True,
    type=click.Choice(["sha256", "md5"]),
    help="Keep what HTTP Digest needs, too: weaker than the hash alone.",
)
@_password_file
@core_command
def create(
    core: Core,
    output: Output,
    name: str,
    realm: str,
    groups: tuple[str, ...],
    digests: tuple[str, ...],
    password_file: Path | None,
) -> None:
    """Make a user."""
    credential = new_credential(
        realm,
        name,
        _password(password_file),
        now=core.clock(),
        random=core.random,
        groups=frozenset(groups),
        digests=frozenset(digests),
    )
    with core.store.writing() as tx:
        tx.credentials.add(credential)
        tx.audit.append(event_by(operator(), core.clock(), "user.create", f"{realm}/{name}"))
    output.said(f"made {name}", realm=realm, name=name)


@user.command("list")
@click.option("--realm", help="Only users of this realm.")
@core_command
def list_users(core: Core, output: Output, realm: str | None) -> None:
    """Users, by realm and name."""
    with core.store.reading() as tx:
        found = tx.credentials.list(realm)
    output.rows(
        COLUMNS,
        [
            {
                "realm": one.realm,
                "name": one.name,
                "groups": sorted(one.groups),
                "created": one.created,
                "digest": [kind for kind, kept in (("sha256", one.ha1_sha256), ("md5", one.ha1_md5)) if kept],
                "failures": str(one.failures),
                "locked_until": one.locked_until if one.locked(core.clock()) else None,
            }
            for one in found
        ],
    )


@user.command()
@click.argument("name")
@_realm
@_password_file
@core_command
def password(core: Core, output: Output, name: str, realm: str, password_file: Path | None) -> None:
    """Give a user another password; unlocks them, too."""
    fresh = _password(password_file)
    now = core.clock()
    with core.store.writing() as tx:
        credential = _existing(tx.credentials.get(realm, name), realm, name)
        tx.credentials.update(with_password(credential, fresh, now=now, random=core.random))
        tx.audit.append(event_by(operator(), now, "user.password", f"{realm}/{name}"))
    output.said(f"changed the password of {name}", realm=realm, name=name)


@user.command()
@click.argument("name")
@_realm
@core_command
def unlock(core: Core, output: Output, name: str, realm: str) -> None:
    """Let a user in again who gave too many wrong passwords."""
    with core.store.writing() as tx:
        credential = _existing(tx.credentials.get(realm, name), realm, name)
        tx.credentials.update(replace(credential, failures=0, locked_until=None))
        tx.audit.append(event_by(operator(), core.clock(), "user.unlock", f"{realm}/{name}"))
    output.said(f"unlocked {name}", realm=realm, name=name)


@user.command()
@click.argument("name")
@_realm
@core_command
def remove(core: Core, output: Output, name: str, realm: str) -> None:
    """Forget a user; their certificates stay."""
    with core.store.writing() as tx:
        tx.credentials.remove(realm, name)
        tx.audit.append(event_by(operator(), core.clock(), "user.remove", f"{realm}/{name}"))
    output.said(f"removed {name}", realm=realm, name=name)


def _existing(credential: Credential | None, realm: str, name: str) -> Credential:
    if credential is None:
        raise Refused(Reason.NOT_FOUND, f"there is no user `{name}` in `{realm}`")
    return credential


def _password(file: Path | None) -> str:
    if file is None:
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return answer
    try:
        return read_secret(file).decode()
    except UnicodeDecodeError:
        raise Refused(Reason.MALFORMED, f"the password in {file} is not UTF-8") from None
