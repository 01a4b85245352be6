"""Telling the other side how requests ended: a duty that works off what was written down, again until it arrives."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from emca_daemon.ca.audit import event_by
from emca_daemon.ca.records import RequestState
from emca_daemon.clock import Clock
from emca_daemon.errors import Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.scep.asked_challenges import Judge
from emca_daemon.protocols.scep.asked_records import Asked, Notice
from emca_daemon.protocols.scep.ports import Reading, ScepStore

AT_ONCE: Final = 50
ROUND: Final = timedelta(seconds=10)
"""How long a round may go on before it leaves the rest to the next; other duties wait for it."""

LOOK_AGAIN: Final = timedelta(minutes=1)
"""How often a request that waits for a person is looked at."""

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)


class Notices:
    """Sends what is due."""

    def __init__(
        self, judges: Mapping[str, tuple[Judge, int]], store: ScepStore, clock: Clock, requester: Requester
    ) -> None:
        """By endpoint, who is told, and how often that is tried."""
        self._judges = judges
        self._store = store
        self._clock = clock
        self._requester = requester

    def send(self) -> None:
        """One round; who does not answer is left alone for the rest of it."""
        begun = self._clock()
        with self._store.reading() as tx:
            due = tx.scep_asked.due(begun, AT_ONCE)
        silent: set[str] = set()
        for asked in due:
            if self._clock() >= begun + ROUND:
                return
            if asked.endpoint not in silent and not self._send(asked):
                silent.add(asked.endpoint)

    def _send(self, asked: Asked) -> bool:
        """False where the other side could not be told."""
        judge, most = self._judges.get(asked.endpoint, (None, 0))
        with self._store.reading() as tx:
            notice, waits = _notice(tx, asked)
        now = self._clock()
        if judge is None or (notice is None and not (waits and now < asked.expires)):
            self._change(replace(asked, due=None))
            return True
        if notice is None:
            self._change(replace(asked, due=now + LOOK_AGAIN))
            return True
        try:
            judge.tell(notice)
        except Refused as refusal:
            self._missed(asked, refusal, most)
            return False
        self._change(replace(asked, due=None, request=b""))
        return True

    def _missed(self, asked: Asked, refusal: Refused, most: int) -> None:
        now, attempts = self._clock(), asked.attempts + 1
        given_up = attempts >= most
        due: datetime | None = None if given_up else now + min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
        with self._store.writing() as tx:
            if tx.scep_asked.change(replace(asked, due=due, attempts=attempts)) and given_up:
                name = asked.transaction_id.decode("ascii", "backslashreplace")[:255]
                details = {"endpoint": asked.endpoint, "attempts": str(attempts), "detail": refusal.detail[:255]}
                tx.audit.append(event_by(self._requester, now, "scep.notice", name, "failed", **details))

    def _change(self, asked: Asked) -> None:
        with self._store.writing() as tx:
            tx.scep_asked.change(asked)


def _notice(tx: Reading, asked: Asked) -> tuple[Notice | None, bool]:
    """What there is to tell, and else whether there may be later."""
    notice = Notice(asked.endpoint, asked.transaction, asked.transaction_id, asked.request)
    if not asked.pending:
        certificate = _certificate(tx, asked.issuer, asked.serial)
        if certificate:
            return replace(notice, certificate=certificate), False
        return (replace(notice, detail=asked.failure) if asked.failure else None), False
    request = tx.pending.get(asked.pending)
    if request is None:
        return None, False
    match request.state:
        case RequestState.WAITING | RequestState.APPROVED:
            return None, True
        case RequestState.ISSUED:
            certificate = _certificate(tx, request.issuer, request.serial)
            return (replace(notice, certificate=certificate) if certificate else None), False
    return replace(notice, detail=f"{request.state.value}: {request.note}".rstrip(": ")[:255]), False


def _certificate(tx: Reading, issuer: IssuerName | None, serial: SerialNumber | None) -> bytes:
    record = None if issuer is None or serial is None else tx.certificates.find(issuer, serial)
    return b"" if record is None or record.der is None else record.der
