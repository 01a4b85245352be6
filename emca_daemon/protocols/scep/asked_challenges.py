"""The policies that ask somebody else: each request is asked about once, and the answer kept for its retries."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol, cast

from emca_daemon.ca import ports as ca
from emca_daemon.ca.audit import event_by
from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.records import CertificateRecord, CertificateState, Intent, PendingRequest
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.asked_records import Asked, Notice
from emca_daemon.protocols.scep.challenges import Admission, Attempt
from emca_daemon.protocols.scep.ports import Reading, ScepStore, Writing

LONGEST_DETAIL: Final = 255
_RETRY_AFTER: Final = 2


class Judge(Protocol):
    """Somebody else who decides."""

    proof: str
    tells: bool
    """Whether they want to know how it ended."""
    wants_request: bool
    """Whether that must say the whole request again."""

    def judge(self, attempt: Attempt) -> str:
        """Who it is that may have a certificate, empty: the subject that the request names.

        Raises Refused: what policy refuses for a no, UNAVAILABLE for no answer.
        """

    def tell(self, notice: Notice) -> None:
        """Say how a request ended; raises Refused where that did not arrive."""


class AskedChallenges:
    """Lets in whoever a judge lets in.

    The answer is kept before anything is issued, so that a retry is not asked about again: a challenge that the other
    side uses up when it is asked is used up once. A no is not kept; it has used up nothing.
    """

    def __init__(
        self, judge: Judge, store: ScepStore, clock: Clock, *, patience: timedelta, lifetime: timedelta, wait: timedelta
    ) -> None:
        """`patience` is the longest that a judge takes; answers count for `lifetime`, or `wait` for a person."""
        self._judge = judge
        self._store = store
        self._clock = clock
        self._patience = patience
        self._lifetime = lifetime
        self._wait = wait

    def check(self, attempt: Attempt) -> Admission:
        """Whoever the judge lets in; the same request again without asking."""
        with self._store.reading() as tx:
            asked = tx.scep_asked.get(attempt.transaction)
            used = asked is not None and _came_to_something(tx, asked)
        if asked is None or self._counts_no_longer(asked):
            asked = self._ask(attempt, asked)
        elif used:
            raise Refused(Reason.NOT_AUTHENTICATED, "the challenge was used by this very request before")
        keeping = _Keeping(asked, self._clock, self._wait, tells=self._judge.tells)
        return Admission(self._judge.proof, asked.identity, companion=keeping)

    def passwords(self) -> tuple[bytes, ...]:
        """None: the other side knows them."""
        return ()

    def succeeded(self, attempt: Attempt, certificate: bytes) -> None:
        """The other side is told by a duty: that was written down with the certificate."""

    def failed(self, attempt: Attempt, detail: str) -> None:
        """Write down that the other side is to be told; with the store out of reach they are not."""
        if not self._judge.tells:
            return
        try:
            with self._store.writing() as tx:
                asked = tx.scep_asked.get(attempt.transaction)
                if asked is not None and asked.asking is None and not _came_to_something(tx, asked):
                    told = replace(asked, failure=detail[:LONGEST_DETAIL], due=self._clock(), attempts=0)
                    tx.scep_asked.change(told)
        except Refused:
            return

    def _counts_no_longer(self, asked: Asked) -> bool:
        if asked.asking is not None:
            return True
        return asked.expires <= self._clock() and asked.due is None

    def _ask(self, attempt: Attempt, before: Asked | None) -> Asked:
        asked = self._begin(attempt, before)
        try:
            identity = self._judge.judge(attempt)
        except Refused as refusal:
            self._forget(asked, attempt, refusal)
            raise
        answered = replace(asked, asking=None, identity=identity)
        with self._store.writing() as tx:
            if not tx.scep_asked.change(answered):
                raise _asked_already()
        return replace(answered, version=answered.version + 1)

    def _begin(self, attempt: Attempt, before: Asked | None) -> Asked:
        """Keep others from asking the same meanwhile."""
        now = self._clock()
        if before is not None and before.asking is not None and before.asking > now:
            raise _asked_already()
        asked = Asked(
            transaction=attempt.transaction,
            endpoint=attempt.endpoint,
            transaction_id=attempt.transaction_id,
            created=now,
            expires=now + self._lifetime,
            request=attempt.request if self._judge.tells and self._judge.wants_request else b"",
            asking=now + self._patience,
        )
        with self._store.writing() as tx:
            if before is None:
                begun = tx.scep_asked.add(asked)
            else:
                asked = replace(asked, version=before.version)
                begun = tx.scep_asked.change(asked)
                asked = replace(asked, version=before.version + 1)
        if not begun:
            raise _asked_already()
        return asked

    def _forget(self, asked: Asked, attempt: Attempt, refusal: Refused) -> None:
        """No answer, or a no: the next time the judge is asked again, unless somebody else asks by now.

        An outage is audited here; refusals are where they are answered.
        """
        with self._store.writing() as tx:
            tx.scep_asked.remove(asked)
            if refusal.reason is Reason.UNAVAILABLE:
                by = replace(attempt.facts.requester, identity="unknown", proof="none")
                name = attempt.transaction_id.decode("ascii", "backslashreplace")[:LONGEST_DETAIL]
                details = {"judge": self._judge.proof, "detail": refusal.detail[:LONGEST_DETAIL]}
                tx.audit.append(event_by(by, self._clock(), "scep.challenge.ask", name, "failed", **details))


class _Keeping(NoCompanion):
    """Writes into the CA's own transactions what came of an answer, and that the other side is to be told."""

    def __init__(self, asked: Asked, clock: Clock, wait: timedelta, *, tells: bool) -> None:
        self._asked = asked
        self._clock = clock
        self._wait = wait
        self._tells = tells

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """Raise Refused where the same answer was used meanwhile."""
        asked = replace(self._asked, issuer=intent.issuer, serial=intent.serial, failure="", due=None, attempts=0)
        if not cast(Writing, tx).scep_asked.change(asked):
            raise _asked_already()

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """The same for a request that a person must look at; the other side is told what they decide."""
        now = self._clock()
        due = now if self._tells else None
        asked = replace(self._asked, pending=request.id, expires=now + self._wait, failure="", due=due, attempts=0)
        if not cast(Writing, tx).scep_asked.change(asked):
            raise _asked_already()

    def issued(self, tx: ca.Writing, _record: CertificateRecord) -> None:
        """The other side is told soon, even if we die now."""
        if self._tells:
            rows = cast(Writing, tx).scep_asked
            if asked := rows.get(self._asked.transaction):
                rows.change(replace(asked, due=self._clock()))

    def abandoned(self, tx: ca.Writing, _intent: Intent, _refusal: Refused) -> None:
        """The answer can be used again."""
        rows = cast(Writing, tx).scep_asked
        if asked := rows.get(self._asked.transaction):
            rows.change(replace(asked, issuer=None, serial=None))


def _came_to_something(tx: Reading, asked: Asked) -> bool:
    """Whether a certificate was issued, or can still be."""
    if asked.pending:
        return tx.pending.get(asked.pending) is not None
    record = None if asked.issuer is None or asked.serial is None else tx.certificates.find(asked.issuer, asked.serial)
    return record is not None and record.state is not CertificateState.ABANDONED


def _asked_already() -> Refused:
    return Refused(Reason.UNAVAILABLE, "the same request is being decided at this moment", retry_after=_RETRY_AFTER)
