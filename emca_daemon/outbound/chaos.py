"""Validations that do not look, or look late, or fail on purpose; only in demonstrations."""

from typing import Any

from twisted.internet.task import deferLater

from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.acme_validation import Fetches
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.chaos.chance import Chance
from emca_daemon.settings.chaos import ChaosSettings


class AlwaysValid:
    """Finds every challenge right without looking."""

    async def verdict(self, _task: ValidationTask) -> Verdict:
        """No problem, and a word in the audit chain that nobody looked."""
        return Verdict(None, details={"looked": False})


class ChaoticFetches:
    """Attempts that begin late or fail by chance."""

    def __init__(self, inner: Fetches, settings: ChaosSettings, chance: Chance, reactor: Any) -> None:
        """`reactor` provides IReactorTime."""
        self._inner = inner
        self._settings = settings
        self._chance = chance
        self._reactor = reactor

    async def verdict(self, task: ValidationTask) -> Verdict:
        """Wait, fail, or attempt it."""
        longest = self._settings.slow_validations.total_seconds()
        if longest:
            await deferLater(self._reactor, self._chance.part() * longest, lambda: None)
        if self._chance.falls(self._settings.failing_validations):
            problem = Problem("connection", "this attempt was made to fail (this is chaos, [chaos] in the settings)")
            return Verdict(problem, retry=True)
        return await self._inner.verdict(task)
