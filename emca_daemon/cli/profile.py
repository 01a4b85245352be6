"""`emca-daemon profile`: certificate profiles, listed, shown and checked."""

from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path

import click

from emca_daemon.cli.command import core_command, json_option
from emca_daemon.cli.output import Output, Value
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName
from emca_daemon.policy.loading import load_profile, load_profiles


@click.group()
def profile() -> None:
    """Certificate profiles."""


@profile.command("list")
@core_command
def list_profiles(core: Core, output: Output) -> None:
    """Every profile."""
    output.rows(
        ("name", "kind", "issuer", "validity", "approval", "lint", "description"),
        [_shown(one) for _, one in sorted(core.profiles.items())],
    )


@profile.command()
@click.argument("name")
@core_command
def show(core: Core, output: Output, name: str) -> None:
    """Every field of a profile, defaults included."""
    found = core.profiles.get(ProfileName(name))
    if found is None:
        raise Refused(Reason.NOT_FOUND, f"there is no profile `{name}`")
    output.record(_shown(found))


@profile.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@json_option
def check(path: Path, output: Output) -> None:
    """Check a profile file, or every profile in a folder; exit code 1 when one has a problem."""
    if path.is_dir():
        _, problems = load_profiles(path)
    else:
        problems = []
        load_profile(path, problems)
    if not problems:
        output.said(f"{path}: all is well", path=str(path), problems=[])
        return
    output.rows(
        ("file", "key", "expected"),
        [{"file": problem.file, "key": problem.key, "expected": problem.expected} for problem in problems],
    )
    raise SystemExit(1)


def _shown(value: object, prefix: str = "") -> dict[str, Value]:
    """The public fields of a settings value, nested ones with dotted names."""
    shown: dict[str, Value] = {}
    for field in fields(value) if is_dataclass(value) else ():
        if field.name.startswith("_"):
            continue
        name, content = prefix + field.name, getattr(value, field.name)
        if is_dataclass(content):
            shown |= _shown(content, f"{name}.")
        else:
            shown[name] = _cell(content)
    return shown


def _cell(content: object) -> Value:
    if content is None or isinstance(content, str | int | bool):
        return content
    if isinstance(content, Enum):
        return str(content.value)
    if isinstance(content, timedelta):
        return f"{content.days}d" if not content.seconds else str(content)
    if isinstance(content, dict):
        return [f"{key}: {item}" for key, item in content.items()]
    if isinstance(content, tuple | list | frozenset):
        return [str(_cell(item)) if not is_dataclass(item) else str(item) for item in content]
    return str(content)
