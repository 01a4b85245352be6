"""Settings that cannot be read as they stand, with stand-ins for what is wrong: so that the rest can be judged, too."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from emca_daemon.problems import Problem
from emca_daemon.settings.model import Settings
from emca_daemon.settings.reading import settings_of
from emca_daemon.toml_reading import read_toml

Table = Mapping[str, object]
Steps = tuple[str, ...]

MOST_ROUNDS: Final = 8
"""Every round brings each wrong key one try further, of two; what is right then may bring others to light."""

STAND_IN: Final = "software"
"""Fit for a name, for a path, and for the one choice without a default: a signer's kind."""

_SERVING: Final = re.compile(r"listeners(\.[^.]+(\.serves)?)?")


@dataclass(frozen=True, slots=True)
class Doubts:
    """The keys whose values are stand-ins, about which nothing more is to be said."""

    keys: tuple[str, ...] = ()

    def concern(self, key: str, expected: str) -> bool:
        """Whether a finding may be there only because of a stand-in."""
        return any(_follows(doubt, key, expected) for doubt in self.keys)


def read_despite(file: Path, problems: list[Problem]) -> tuple[Settings | None, Doubts]:
    """What can be made of a file with faults of form; None where nothing can.

    What comes to light only then, and has nothing to do with the stand-ins, is added to `problems`.
    """
    tables = read_toml(file.absolute(), [])
    if tables is None:
        return None, Doubts()
    repair = _Repair(tables)
    for _ in range(MOST_ROUNDS):
        found: list[Problem] = []
        settings = settings_of(file, repair.tables, found)
        doubts = Doubts(tuple(repair.doubts()))
        problems += [new for new in found if new not in problems and not doubts.concern(new.key, new.expected)]
        if settings is not None:
            return settings, doubts
        for key in dict.fromkeys(problem.key for problem in found):
            repair.advance(key)
    return None, Doubts()


@dataclass(slots=True)
class _Repair:
    """The tables of a file, and those of their keys at which something was tried."""

    tables: Table
    tries: set[Steps] = field(default_factory=set)

    def advance(self, key: str) -> None:
        """Try the next with a key: a text, then nothing, which is the default if it has one."""
        steps = _steps(self.tables, key)
        self.tables = _changed(self.tables, steps, None if steps in self.tries else STAND_IN)
        self.tries.add(steps)

    def doubts(self) -> Iterator[str]:
        """The keys that were tried; a signer of another kind is another signer altogether."""
        for steps in self.tries:
            yield ".".join(steps[:-1] if steps[0] == "signers" and steps[-1] == "kind" else steps)


def _follows(doubt: str, key: str, expected: str) -> bool:
    """Whether the finding is at the doubtful key, names it from within its table, or asks for what it may have been."""
    section, *further = doubt.split(".")
    if key == doubt or key.startswith((f"{doubt}.", f"{doubt}[")) or f"[{doubt}]" in expected:
        return True
    if (not further and f"[{section}." in expected) or (len(further) == 1 and f"`{section}` needs a" in expected):
        return True
    if expected.startswith("no listener serves"):
        return _SERVING.fullmatch(doubt) is not None
    table, _, name = doubt.rpartition(".")
    table = "issuers" if table == "issuers.default" else table  # the others inherit it
    return (not table or key.startswith(f"{table}.")) and re.search(rf"`{re.escape(name)}\b", expected) is not None


def _steps(table: Table, key: str) -> Steps:
    """The names that lead to a key, some of which may have dots in them; into lists it does not lead."""
    for name, inner in sorted(table.items(), key=lambda item: -len(item[0])):
        if key == name or key.startswith(f"{name}["):
            return (name,)
        if key.startswith(f"{name}."):
            return (name, *_steps(inner, key[len(name) + 1 :])) if isinstance(inner, dict) else (name,)
    return tuple(key.split("."))


def _changed(table: Table, steps: Steps, value: str | None) -> dict[str, object]:
    """The table with that value there, or with none."""
    name, *further = steps
    rest = {key: one for key, one in table.items() if key != name}
    if further:
        inner = table.get(name)
        return {**rest, name: _changed(inner if isinstance(inner, dict) else {}, tuple(further), value)}
    return rest if value is None else {**rest, name: value}
