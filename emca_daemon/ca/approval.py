"""What a person's yes or no does to a waiting request."""

from dataclasses import replace

from emca_daemon.ca.audit import event_by
from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.ca.pending import decided, decode_facts
from emca_daemon.ca.ports import Store, Writing
from emca_daemon.ca.records import CertificateRecord, PendingRequest, RequestState
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester


class Approval:
    """Approves and rejects requests that wait; approving issues at once."""

    def __init__(self, store: Store, enrollment: Enrollment, clock: Clock) -> None:
        self._store = store
        self._enrollment = enrollment
        self._clock = clock

    def approve(self, request_id: str, by: Requester, note: str = "") -> Issued:
        """Issue the waiting request; raises Refused if it no longer waits or policy has changed its mind.

        The request is taken first, in a transaction of its own, so that two people who approve at once issue once.
        """
        approved = self._decide(request_id, RequestState.APPROVED, by, note)
        companion = _Completion(approved)
        try:
            outcome = self._enrollment.enroll(
                decode_facts(approved.facts),
                approved.profile,
                issuer=approved.issuer,
                approver=by.identity,
                reference=approved.reference,
                companion=companion,
            )
        except Refused as refusal:
            with self._store.writing() as tx:
                tx.pending.update(
                    replace(approved, state=RequestState.FAILED, note=refusal.detail[:1000]), RequestState.APPROVED
                )
            raise
        assert isinstance(outcome, Issued), "whoever approves has a name, so nobody is asked again"
        return outcome

    def reject(self, request_id: str, by: Requester, note: str = "") -> PendingRequest:
        """Refuse the waiting request for good; raises Refused if it no longer waits."""
        return self._decide(request_id, RequestState.REJECTED, by, note)

    def _decide(self, request_id: str, state: RequestState, by: Requester, note: str) -> PendingRequest:
        """Somebody without a name decides nothing: policy takes an empty approver for none, and asks again."""
        if not by.identity:
            raise Refused(Reason.NOT_PERMITTED, "it must be known who decides")
        now = self._clock()
        with self._store.writing() as tx:
            request = tx.pending.get(request_id)
            if request is None:
                raise Refused(Reason.NOT_FOUND, f"there is no request `{request_id}`")
            request = decided(request, state, by.identity, now, note)
            tx.pending.update(request, RequestState.WAITING)
            action = "request.approve" if state is RequestState.APPROVED else "request.reject"
            tx.audit.append(event_by(by, now, action, request_id, note=note[:1000]))
        return request


class _Completion(NoCompanion):
    """Ties the waiting request to its certificate, in the transaction that records it."""

    def __init__(self, request: PendingRequest) -> None:
        self._request = request

    def issued(self, tx: Writing, record: CertificateRecord) -> None:
        done = replace(
            self._request, state=RequestState.ISSUED, issuer=record.intent.issuer, serial=record.intent.serial
        )
        tx.pending.update(done, RequestState.APPROVED)
