"""pollReq: is it there yet? (RFC 9483 4.4, RFC 9810 5.3.22)."""

from dataclasses import replace

from emca_daemon.asn1.cmp import Body
from emca_daemon.asn1.cmp_content import poll_requests
from emca_daemon.asn1.cmp_status import FailInfo, poll_reply
from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.pending import decode_facts
from emca_daemon.ca.records import CertificateRecord, PendingRequest, RequestState
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.headers import is_repeated
from emca_daemon.protocols.cmp.issuance import delivered, finished, request_ids
from emca_daemon.protocols.cmp.operations.enrollment import certificate_answer, rejected_answer
from emca_daemon.protocols.cmp.operations.withdrawal import revoke_updated
from emca_daemon.protocols.cmp.records import Stage, Transaction

_ANY = -1


def poll(call: Call) -> Answer:
    """The certificate, the rejection, or how many seconds to wait; raises Failure."""
    transaction = call.opened
    assert transaction is not None
    if transaction.stage is not Stage.WAITING and not is_repeated(call.message, transaction):
        raise failure(FailInfo.BAD_REQUEST, "nothing is waited for")
    asked = poll_requests(call.message.body)
    if len(asked) != 1 or asked[0] not in (*request_ids(call, transaction), _ANY):
        raise failure(FailInfo.BAD_REQUEST, f"the certReqId is {transaction.request_id}")
    with call.endpoint.store.reading() as tx:
        request = tx.pending.get(transaction.pending)
    if request is None or request.state in (RequestState.REJECTED, RequestState.FAILED):
        return _rejected(call, transaction, request)
    if request.state is RequestState.ISSUED:
        return _issued(call, transaction, request)
    with call.endpoint.store.writing() as tx:
        tx.cmp.update(_asked_now(transaction, call), Stage.WAITING)
    seconds = max(1, round(call.endpoint.settings.check_after.total_seconds()))
    return Answer(Body.POLLREP, poll_reply(asked[0], seconds))


def _rejected(call: Call, transaction: Transaction, request: PendingRequest | None) -> Answer:
    note = f": {request.note}" if request is not None and request.note else ""
    with call.endpoint.store.writing() as tx:
        tx.cmp.update(finished(transaction, call), Stage.WAITING)
    return rejected_answer(transaction.request, Refused(Reason.NOT_PERMITTED, f"the request was turned down{note}"))


def _issued(call: Call, transaction: Transaction, request: PendingRequest) -> Answer:
    assert request.issuer is not None
    assert request.serial is not None
    with call.endpoint.store.reading() as tx:
        record = tx.certificates.find(request.issuer, request.serial)
    if record is None or record.der is None:
        raise failure(FailInfo.SYSTEM_FAILURE, "the certificate is gone")
    if record.revocation is not None:
        with call.endpoint.store.writing() as tx:
            tx.cmp.update(finished(transaction, call), transaction.stage)
        refusal = Refused(Reason.ALREADY_REVOKED, "the certificate was revoked before it was fetched")
        return rejected_answer(transaction.request, refusal)
    if transaction.stage is Stage.WAITING:
        transaction = _handed_out(call, transaction, record)
    issued = Issued(record, call.endpoint.enrollment.chain_of(record))
    return certificate_answer(call, transaction, issued, decode_facts(request.facts))


def _handed_out(call: Call, transaction: Transaction, record: CertificateRecord) -> Transaction:
    """The transaction, its certificate in the answer to this poll."""
    found = replace(_asked_now(transaction, call), issuer=record.intent.issuer, serial=record.intent.serial)
    handed_out = delivered(found, call)
    with call.endpoint.store.writing() as tx:
        tx.cmp.update(handed_out, Stage.WAITING)
    if handed_out.stage is Stage.FINISHED:
        revoke_updated(call, handed_out)
    return handed_out


def _asked_now(transaction: Transaction, call: Call) -> Transaction:
    header = call.message.header
    return replace(transaction, nonce=call.nonce, asked_nonce=header.sender_nonce, known_nonce=header.recipient_nonce)
