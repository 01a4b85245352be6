"""Attempts that several perspectives must confirm: ours first, then all the others at once."""

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from emca_daemon.names import AlternativeName
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.acme_validation import Fetches
from emca_daemon.outbound.looking import CaaAsking
from emca_daemon.outbound.perspectives import SilentPerspective
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.corroboration import account_of, disagreement, unreachable
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask

Note = Callable[[str, str], None]
"""Counts one perspective's finding: its name, and `ok` or a problem's type (`unreachable` for none)."""


class Corroborated:
    """Attempts for one endpoint that has perspectives elsewhere."""

    def __init__(self, own: Fetches, remotes: Mapping[str, Fetches], quorum: int, note: Note) -> None:
        """`quorum` is how many of `remotes`, by name, must find what `own` finds."""
        self._own = own
        self._remotes = remotes
        self._quorum = quorum
        self._note = note

    async def verdict(self, task: ValidationTask) -> Verdict:
        """Our own verdict where it is a problem; else what the perspectives make of it."""
        own = await self._own.verdict(task)
        if own.problem is not None:
            return own
        verdicts = await together({name: _heard(name, eyes, task) for name, eyes in self._remotes.items()})
        found = {name: verdict.problem for name, verdict in verdicts.items()}
        tell(found, self._note)
        problem = disagreement(found, self._quorum)
        if problem is not None:
            return Verdict(problem, retry=any(verdict.retry for verdict in verdicts.values()))
        return Verdict(None, details={**own.details, "perspectives": account_of(found)}, until=own.until)


class CorroboratedCaa:
    """CAA as several perspectives see it."""

    def __init__(self, own: CaaAsking, remotes: Mapping[str, CaaAsking], quorum: int, note: Note) -> None:
        """`quorum` is how many of `remotes`, by name, must find nothing against it."""
        self._own = own
        self._remotes = remotes
        self._quorum = quorum
        self._note = note

    async def problem(self, identifier: AlternativeName, asking: Asking) -> Problem | None:
        """What we see ourselves, or what too few perspectives see."""
        own = await self._own.problem(identifier, asking)
        if own is not None:
            return own
        looks = {name: _told(name, eyes, identifier, asking) for name, eyes in self._remotes.items()}
        found = await together(looks)
        tell(found, self._note)
        return disagreement(found, self._quorum)


async def together(looks: Mapping[str, Any]) -> dict[str, Any]:
    """The results of coroutines that run at the same time."""
    begun = {name: Deferred.fromCoroutine(look) for name, look in looks.items()}
    return {name: await result for name, result in begun.items()}


def tell(found: Mapping[str, Problem | None], note: Note) -> None:
    """Count what each perspective found."""
    for name, problem in found.items():
        note(name, "ok" if problem is None else "unreachable" if problem.type == "serverInternal" else problem.type)


async def _heard(name: str, eyes: Fetches, task: ValidationTask) -> Verdict:
    """What a perspective makes of it; one that cannot be asked confirms nothing, but may later."""
    try:
        return await eyes.verdict(task)
    except SilentPerspective:
        return Verdict(unreachable(name), retry=True)


async def _told(name: str, eyes: CaaAsking, identifier: AlternativeName, asking: Asking) -> Problem | None:
    """What a perspective finds against it; a silent one permits nothing."""
    try:
        return await eyes.problem(identifier, asking)
    except SilentPerspective:
        return unreachable(name)
