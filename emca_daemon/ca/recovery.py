"""After a crash: intents without a certificate become revoked serials, half-approved requests wait again."""

from dataclasses import replace
from datetime import datetime, timedelta

from emca_daemon.ca.audit import event_by
from emca_daemon.ca.ports import Store
from emca_daemon.ca.records import Intent, PendingRequest, RequestState, Revocation, RevocationReason
from emca_daemon.clock import Clock
from emca_daemon.names import serial_text
from emca_daemon.policy.facts import Requester


def abandon_open_intents(store: Store, requester: Requester, clock: Clock, older_than: timedelta) -> list[Intent]:
    """Mark each open intent older than that as revoked, audit it, and return them.

    A signature may exist for such a serial, in nobody's hands or in an attacker's; as revoked it can do no harm. A
    process that is merely slow finds its intent gone when it wants to record, and hands nothing out.
    """
    now = clock()
    with store.reading() as tx:
        intents = list(tx.certificates.open_intents(now - older_than))
    if not intents:
        return []
    revocation = Revocation(now.replace(microsecond=0), RevocationReason.UNSPECIFIED)
    with store.writing() as tx:
        still_open = {(i.issuer, i.serial) for i in tx.certificates.open_intents(now - older_than)}
        intents = [intent for intent in intents if (intent.issuer, intent.serial) in still_open]
        for intent in intents:
            tx.certificates.abandon(intent.issuer, intent.serial, revocation)
            tx.audit.append(
                event_by(
                    requester,
                    now,
                    "certificate.abandon",
                    f"{intent.issuer}/{serial_text(intent.serial)}",
                    asked_by=intent.requester,
                    profile=intent.profile,
                    tbs_sha256=intent.tbs_hash.hex(),
                )
            )
    return intents


def reopen_approvals(store: Store, requester: Requester, clock: Clock, older_than: timedelta) -> list[PendingRequest]:
    """Let every request wait again whose approver's process died before the certificate was recorded.

    Being ISSUED is written together with the certificate, so a request that is still APPROVED has none. Audited.
    """
    now = clock()
    with store.reading() as tx:
        stuck = [request for request in tx.pending.list(RequestState.APPROVED) if _since(request, now) >= older_than]
    reopened = []
    for request in stuck:
        waiting = replace(request, state=RequestState.WAITING, decided_by="", decided_at=None, note="")
        with store.writing() as tx:
            tx.pending.update(waiting, RequestState.APPROVED)
            tx.audit.append(event_by(requester, now, "request.reopen", request.id, approver=request.decided_by))
        reopened.append(waiting)
    return reopened


def _since(request: PendingRequest, now: datetime) -> timedelta:
    return now - (request.decided_at or request.created)
