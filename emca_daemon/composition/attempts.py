"""Forgetting what was counted of wrong passwords, and used nonces, whoever's they were."""

from datetime import timedelta

from emca_daemon.ca.credentials import CredentialStore
from emca_daemon.clock import Clock
from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import Duty

SWEEP_EVERY = timedelta(minutes=5)


def attempt_duties(core: Core) -> tuple[Duty, ...]:
    """One duty for every protocol with passwords: what the most patient of them still counts is kept."""
    locks = [label.http.lock for label in core.settings.est.values()]
    locks += [endpoint.users.lock for endpoint in core.settings.scep.values() if endpoint.has_users]
    if not locks:
        return ()
    return (Duty("attempts", AttemptSweep(core.store, core.clock, max(SWEEP_EVERY, *locks)).run),)


class AttemptSweep:
    """Forgets what no longer counts, every few minutes."""

    def __init__(self, store: CredentialStore, clock: Clock, window: timedelta) -> None:
        """`window` is how long attempts count."""
        self._store = store
        self._clock = clock
        self._window = window
        self._next = clock()

    def run(self) -> None:
        """Do it if it is time."""
        now = self._clock()
        if now >= self._next:
            with self._store.writing(durable=False) as tx:
                tx.credentials.purge(now, self._window)
            self._next = now + SWEEP_EVERY
