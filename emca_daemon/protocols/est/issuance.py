"""From a request to a certificate or to a request that waits, and back to it when the client asks again."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.pending import decode_facts
from emca_daemon.ca.records import PendingRequest, RequestState
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.errors import EstRefusal

PROTOCOL: Final = "est"


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate, and the chain to present with it (DER, the leaf first)."""

    chain: Sequence[bytes]

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.chain[0]


def certify(call: Call, facts: RequestFacts) -> Certified | Pending:
    """A certificate for these facts: of an earlier request that a person approved, or a new one.

    Raises Refused; what policy refuses is audited there.
    """
    endpoint = call.endpoint
    manual = endpoint.enrollment.profile(endpoint.settings.profile).approval == "manual"
    reference = reference_of(call, facts) if manual else ""
    if manual and (earlier := _earlier(call, reference)) is not None:
        return earlier
    try:
        outcome = endpoint.enrollment.enroll(
            facts, endpoint.settings.profile, issuer=endpoint.settings.issuer, reference=reference, once=manual
        )
    except Refused:
        call.noted = True
        raise
    return Certified(outcome.chain) if isinstance(outcome, Issued) else outcome


def reference_of(call: Call, facts: RequestFacts) -> str:
    """What a waiting request is found by: label, requester, key, names.

    The request's own hash would not do: its challenge password changes with every TLS session.
    """
    parts = (
        call.endpoint.label,
        call.requester.identity,
        facts.key.fingerprint.hex(),
        repr(sorted((one.oid, one.value) for one in facts.subject)),
        repr(sorted(map(str, facts.names))),
    )
    return sha256("\0".join(parts).encode()).hexdigest()


def _earlier(call: Call, reference: str) -> Certified | Pending | None:
    """What has become of the newest request like this one; None where a new one should begin."""
    with call.endpoint.store.reading() as tx:
        earlier = tx.pending.find(PROTOCOL, reference)
    return None if earlier is None else _outcome(call, earlier)


def queried(call: Call, request_id: str) -> Certified | Pending:
    """What has become of a request that the client names itself; raises Refused(NOT_FOUND) unless it is theirs."""
    with call.endpoint.store.reading() as tx:
        earlier = tx.pending.get(request_id)
    outcome = _outcome(call, earlier) if earlier is not None and _is_theirs(call, earlier) else None
    if outcome is None:
        raise Refused(Reason.NOT_FOUND, "there is no such request")
    return outcome


def _is_theirs(call: Call, earlier: PendingRequest) -> bool:
    """Whether this client sent it to this label."""
    if (earlier.protocol, earlier.requester) != (PROTOCOL, call.requester.identity):
        return False
    return decode_facts(earlier.facts).requester.application == call.endpoint.label


def _outcome(call: Call, earlier: PendingRequest) -> Certified | Pending | None:
    endpoint = call.endpoint
    if earlier.state in (RequestState.WAITING, RequestState.APPROVED):
        return Pending(earlier.id)
    if not _lately(call, earlier):
        return None
    if earlier.state is RequestState.REJECTED:
        note = f": {earlier.note}" if earlier.note else ""
        raise EstRefusal(403, f"the request was rejected{note}", reason=Reason.NOT_PERMITTED)
    if earlier.issuer is None or earlier.serial is None:
        return None
    with endpoint.store.reading() as tx:
        record = tx.certificates.find(earlier.issuer, earlier.serial)
    if record is None or record.der is None or record.revocation or record.intent.not_after <= endpoint.clock():
        return None
    if record.der == call.request.peer.certificate:
        return None  # who shows it has it, and wants another
    return Certified(endpoint.enrollment.chain_of(record))


def _lately(call: Call, request: PendingRequest) -> bool:
    decided = request.decided_at
    return decided is not None and call.endpoint.clock() - decided <= call.endpoint.settings.collect_within
