"""What the daemon does by itself, again and again: CRLs, its own certificates, what crashes left behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emca_daemon.ca.crl import CrlPublishing
from emca_daemon.ca.ocsp_signers import OcspSigners
from emca_daemon.ca.ports import Store
from emca_daemon.ca.recovery import abandon_open_intents, reopen_approvals
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester

LEASE = timedelta(seconds=60)
"""How long one process keeps the duties; another takes them over when it stops renewing."""

ROUND = timedelta(seconds=1)
"""How long after one round the next begins."""

SLOW_ROUND = 1.5 * ROUND
"""The same with what a round itself takes: what would be late then is done now."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_OUTAGE_PAUSE = timedelta(seconds=15)
"""How long a duty rests at most while a key or the store is out of reach, which ends by itself."""

LONGEST_PAUSE = timedelta(minutes=10)
"""The same for refusals that somebody must do something about."""

CRASH_AGE = timedelta(seconds=60)
"""An intent open that long belongs to no living request: a signature takes milliseconds, a slow HSM seconds."""


def daemon_requester(request_id: str) -> Requester:
    """The daemon itself, as the audit chain names it."""
    return Requester("daemon", "daemon", "local", "daemon", request_id)


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to see to; `run` is quick when there is nothing to do and may raise Refused."""

    name: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Rest:
    """How long a duty that was refused rests, and since when."""

    since: datetime
    length: timedelta

    def holds(self, now: datetime) -> bool:
        """Whether it is not over; a clock that was set back ends it."""
        return self.since <= now < self.since + self.length

    def longer(self, refusal: Refused, now: datetime) -> "Rest":
        """The next one, twice as long."""
        longest = LONGEST_OUTAGE_PAUSE if refusal.reason is Reason.UNAVAILABLE else LONGEST_PAUSE
        return Rest(now, min(max(2 * self.length, FIRST_PAUSE), longest))


_NONE = Rest(datetime.min.replace(tzinfo=UTC), timedelta(0))


class Duties:
    """Runs every duty, if this process holds the lease; what one duty refuses does not stop the next."""

    def __init__(self, *, store: Store, holder: str, clock: Clock, duties: Sequence[Duty]) -> None:
        self._store = store
        self._holder = holder
        self._clock = clock
        self._duties = duties
        self._held_until = datetime.min.replace(tzinfo=UTC)
        self._rests = [_NONE] * len(duties)

    def run(self) -> list[tuple[str, Refused]]:
        """One round; the duties that could not be done, with their reason.

        A duty that was refused rests for a while, twice as long each time: every attempt may leave an audit event or
        an abandoned serial behind, and nobody is there to tire of trying.
        """
        failed: list[tuple[str, Refused]] = []
        try:
            if not self._have_lease(self._clock()):
                return []
        except Refused as refusal:
            return [("lease", refusal)]
        for place, duty in enumerate(self._duties):
            rest = self._rests[place]
            if rest.holds(self._clock()):
                continue
            try:
                duty.run()
                self._rests[place] = _NONE
            except Refused as refusal:
                self._rests[place] = rest.longer(refusal, self._clock())
                failed.append((duty.name, refusal))
        return failed

    def _have_lease(self, now: datetime) -> bool:
        """Renewed only when half of it is over, so that an idle daemon hardly writes."""
        if now + LEASE / 2 < self._held_until:
            return True
        with self._store.writing() as tx:
            held = tx.leases.take("duties", self._holder, now, now + LEASE)
        if held:
            self._held_until = now + LEASE
        return held

    def stop(self) -> None:
        """Let another process take over at once."""
        self._held_until = datetime.min.replace(tzinfo=UTC)
        with self._store.writing() as tx:
            tx.leases.give_back("duties", self._holder)


def ca_duties(
    *, store: Store, crls: CrlPublishing, ocsp_signers: OcspSigners, requester: Requester, clock: Clock
) -> tuple[Duty, ...]:
    """The CA's own: abandon what crashed, renew OCSP signers, publish the CRLs that are due."""

    def publish() -> None:
        """One issuer's key out of reach does not keep another's revocations back."""
        refused: Refused | None = None
        for issuer in crls.due(SLOW_ROUND):
            try:
                crls.publish(issuer, requester)
            except Refused as refusal:
                refused = refused or refusal
        if refused is not None:
            raise refused

    return (
        Duty("crash recovery", lambda: abandon_open_intents(store, requester, clock, CRASH_AGE)),
        Duty("half-made approvals", lambda: reopen_approvals(store, requester, clock, CRASH_AGE)),
        Duty("OCSP signers", lambda: ocsp_signers.renew(requester)),
        Duty("CRLs", publish),
    )
