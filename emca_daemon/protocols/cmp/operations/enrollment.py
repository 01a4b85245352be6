"""ir, cr, kur, p10cr and ccr: a certificate, a rejection, or "come again" (RFC 9483 4.1.1 to 4.1.4, 4.4)."""

from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import CONFIRM_WAIT_TIME, IMPLICIT_CONFIRM, Body, InformationValue
from emca_daemon.asn1.cmp_status import FailInfo, Status, StatusInfo, certificate_reply
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.ca.enrollment import Issued
from emca_daemon.errors import Refused
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.authorization import check_enrollment, chosen_profile, updated
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.challenges import challenge
from emca_daemon.protocols.cmp.errors import Failure, rejection
from emca_daemon.protocols.cmp.issuance import TransactionCompanion
from emca_daemon.protocols.cmp.key_delivery import enveloped_certificate, enveloped_key
from emca_daemon.protocols.cmp.operations.withdrawal import revoke_updated
from emca_daemon.protocols.cmp.records import Stage, Transaction
from emca_daemon.protocols.cmp.requests import Wanted, wanted_by_crmf, wanted_by_pkcs10

REPLIES = {Body.IR: Body.IP, Body.CR: Body.CP, Body.KUR: Body.KUP, Body.P10CR: Body.CP, Body.CCR: Body.CCP}
"""What each request is answered with."""

_VERSION_WITH_ENVELOPES = 3
_SIGNIFICANT = frozenset({"2.5.29.17"})


def enroll(call: Call) -> Answer:
    """Answer one request for a certificate, in a call that opens a transaction or whose challenge is met.

    Raises Refused.
    """
    profile = chosen_profile(call)
    wanted = _wanted(call)
    if wanted.challenged and call.opened is None:
        return challenge(call, wanted)
    private_key = None if wanted.made_key is None else enveloped_key(call, wanted.made_key)
    may_wait = wanted.made_key is None and not wanted.encrypted
    companion = TransactionCompanion(call, wanted.request_id, may_wait=may_wait, may_be_implicit=not wanted.encrypted)
    settings = call.endpoint.settings
    crossing = call.message.type is Body.CCR and settings.cross_issuer is not None
    outcome = call.endpoint.enrollment.enroll(
        wanted.facts,
        profile,
        issuer=settings.cross_issuer if crossing else settings.issuer,
        reference=f"{call.endpoint.name}/{call.transaction_id.hex()}",
        companion=companion,
    )
    if not isinstance(outcome, Issued):
        return waiting_answer(call.message.type, wanted.request_id)
    if companion.transaction.stage is Stage.FINISHED:
        revoke_updated(call, companion.transaction)
    return certificate_answer(
        call, companion.transaction, outcome, wanted.facts, encrypted=wanted.encrypted, private_key=private_key
    )


def answer_again(call: Call, transaction: Transaction) -> Answer:
    """The answer once more, to a request that came again: it may have been lost. Raises Failure where it cannot be."""
    if transaction.stage is Stage.WAITING:
        return waiting_answer(transaction.request, transaction.request_id)
    gone = failure(FailInfo.TRANSACTION_ID_IN_USE, "the transactionID is in use")
    if transaction.issuer is None or transaction.serial is None:
        raise gone
    with call.endpoint.store.reading() as tx:
        record = tx.certificates.find(transaction.issuer, transaction.serial)
    if record is None or record.der is None or record.revocation is not None:
        raise gone
    if transaction.request is Body.P10CR:
        wanted = wanted_by_pkcs10(call)
    else:
        wanted = wanted_by_crmf(call, update=transaction.request is Body.KUR)
    issued = Issued(record, call.endpoint.enrollment.chain_of(record))
    return certificate_answer(call, transaction, issued, wanted.facts)


def rejected_answer(request: Body, refusal: Refused) -> Answer:
    """A rejection in the request's own reply (RFC 9483 3.6.2)."""
    request_id = -1 if request is Body.P10CR else 0
    return Answer(REPLIES[request], certificate_reply(request_id, rejection(refusal)))


def waiting_answer(request: Body, request_id: int) -> Answer:
    """The client shall poll (RFC 9483 4.4)."""
    info = StatusInfo(Status.WAITING, "a person must approve this request")
    return Answer(REPLIES[request], certificate_reply(request_id, info))


def certificate_answer(
    call: Call,
    transaction: Transaction,
    issued: Issued,
    asked: RequestFacts | None = None,
    *,
    encrypted: bool = False,
    private_key: bytes | None = None,
) -> Answer:
    """The certificate, with the chain behind it, and what is expected of the client now.

    It is `encrypted` where that is to prove possession; a `private_key` made for the client comes in its envelope.
    """
    signer = call.endpoint.signers.current()
    status = Status.ACCEPTED
    if asked is not None and _was_changed(asked, x509.load_der_x509_certificate(issued.der)):
        status = Status.GRANTED_WITH_MODS
    anchors = (signer.root,) if transaction.request is Body.IR else ()
    content = certificate_reply(
        transaction.request_id,
        StatusInfo(status),
        enveloped_certificate(issued.der, call.endpoint.random) if encrypted else issued.der,
        anchors,
        encrypted=encrypted,
        private_key=private_key,
    )
    if transaction.implicit:
        information = InformationValue(IMPLICIT_CONFIRM, der.NULL)
    else:
        information = InformationValue(CONFIRM_WAIT_TIME, der.generalized_time(transaction.expires))
    pvno = _VERSION_WITH_ENVELOPES if encrypted or private_key is not None else 2
    return Answer(REPLIES[transaction.request], content, issued.chain[1:], (information,), pvno)


def _wanted(call: Call) -> Wanted:
    """What is asked for, once the sender was found to be allowed to."""
    if call.message.type is Body.KUR:
        return updated(call, wanted_by_crmf(call, update=True))
    if call.message.type is Body.P10CR:
        wanted = wanted_by_pkcs10(call)
        if call.endpoint.settings.strict and _is_certified(call, wanted.facts):
            raise Failure(FailInfo.DUPLICATE_CERT_REQ, "there is a certificate for this request already")
    else:
        wanted = wanted_by_crmf(call, update=False)
    check_enrollment(call, wanted)
    return wanted


def _is_certified(call: Call, facts: RequestFacts) -> bool:
    with call.endpoint.store.reading() as tx:
        return bool(tx.certificates.find_by_key(facts.key.fingerprint))


def _was_changed(asked: RequestFacts, certificate: x509.Certificate) -> bool:
    """Whether the certificate differs from what was asked for, as far as a client would want to know."""
    if asked.subject and name_to_subject(certificate.subject) != asked.subject:
        return True
    if asked.not_after is not None and abs((certificate.not_valid_after_utc - asked.not_after).total_seconds()) > 1:
        return True
    if not asked.extensions:
        return False
    given = {extension.oid.dotted_string: extension for extension in certificate.extensions}
    return any(
        extension.oid not in given
        or (extension.oid not in _SIGNIFICANT and given[extension.oid].value.public_bytes() != extension.value)
        for extension in asked.extensions
    )
