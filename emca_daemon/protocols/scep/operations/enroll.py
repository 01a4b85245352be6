"""PKCSReq and RenewalReq (RFC 8894 3.3.1): one operation, for which of the two it is only the signer tells."""

from dataclasses import dataclass, replace

from emca_daemon.asn1.names import subject_to_name
from emca_daemon.asn1.pkcs10 import CertificationRequest
from emca_daemon.ca.cycle import Companion
from emca_daemon.ca.enrollment import Issued
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.policy.csr import facts_of_request
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.protocols.http import Request
from emca_daemon.protocols.scep.challenges import Admission, Attempt
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.errors import FAIL_INFO
from emca_daemon.protocols.scep.messages import MessageType, PkiMessage
from emca_daemon.protocols.scep.records import Transaction, group_name, transaction_name
from emca_daemon.protocols.scep.remembering import AlreadyAsked, Remembered, Together, standing
from emca_daemon.protocols.scep.renewing import SameNames, Signatory, check_key, signatory_of
from emca_daemon.protocols.scep.replies import Denied, Granted, Outcome, Waiting


@dataclass(frozen=True, slots=True)
class Enrolling:
    """A request that came in order: its message, what was inside, and the HTTP request it came by."""

    endpoint: Endpoint
    message: PkiMessage
    csr: CertificationRequest
    request: Request


def enroll(asked: Enrolling) -> Outcome:
    """Issue, let wait, or say again what was said before; raises Refused, a policy's refusal comes back as Denied."""
    endpoint, message = asked.endpoint, asked.message
    signatory = signatory_of(endpoint, message)
    renewed = message.certificate_der if signatory is not None else b""
    group = group_name(endpoint.name, message.transaction_id)
    name = transaction_name(group, asked.csr.information, renewed)
    with endpoint.store.reading() as tx:
        before = tx.scep.get(name)
        outcome = None if before is None or before.expires <= endpoint.clock() else standing(tx, before)
    facts = _facts_of(asked)
    if before is not None and before.signer_key != message.key_fingerprint:
        raise Refused(Reason.NOT_AUTHENTICATED, "the same request was signed with another key before")
    if outcome is not None:
        return outcome
    _check_signer(message, facts, signatory)
    attempt = Attempt(
        endpoint.name, message.transaction_id, asked.csr.challenge_password, facts, asked.csr.encoded, name
    )
    admission = _admit(asked, attempt, signatory)
    now = endpoint.clock()
    transaction = Transaction(
        id=name,
        group=group,
        endpoint=endpoint.name,
        signer_key=message.key_fingerprint,
        created=now,
        expires=now + endpoint.settings.transaction_lifetime,
    )
    companions: list[Companion] = [Remembered(endpoint, transaction, before), admission.companion]
    return _issue(asked, attempt, admission, Together(companions), transaction)


def _facts_of(asked: Enrolling) -> RequestFacts:
    """What the request says; devices that know an old digest alone sign the request with it as well as the message."""
    facts = facts_of_request(asked.csr, _requester(asked, ""), asked.endpoint.weak_keys)
    return replace(facts, request_signature="") if facts.request_signature in asked.endpoint.old_signatures else facts


def _check_signer(message: PkiMessage, facts: RequestFacts, signatory: Signatory | None) -> None:
    """RFC 8894 2.3: who has no certificate signs with one of its own making, for the very key of the request.

    Keys are compared, not names: Cisco's self-signed certificate has another subject than its request.
    """
    if message.self_signed and message.key_fingerprint != facts.key.fingerprint:
        raise Refused(
            Reason.BAD_PROOF_OF_POSSESSION, "the message is signed with another key than the one to be certified"
        )
    if message.type is MessageType.RENEWAL_REQ and signatory is None:
        raise Refused(Reason.NOT_AUTHENTICATED, "a RenewalReq is signed with a certificate of this CA")


def _admit(asked: Enrolling, attempt: Attempt, signatory: Signatory | None) -> Admission:
    """By the old certificate, else by the challenge: a device whose certificate has expired may still know that."""
    if signatory is not None and not signatory.objection:
        check_key(asked.endpoint, signatory, attempt.facts)
        intent = signatory.record.intent
        if asked.endpoint.settings.renewal.same_names:
            return Admission("certificate", intent.requester, companion=SameNames(asked.endpoint, intent))
        return Admission("certificate", intent.requester)
    if signatory is not None and (attempt.password is None or asked.message.type is MessageType.RENEWAL_REQ):
        raise Refused(Reason.NOT_PERMITTED, signatory.objection)
    return asked.endpoint.challenges.check(attempt)


def _issue(
    asked: Enrolling, attempt: Attempt, admission: Admission, companion: Together, transaction: Transaction
) -> Outcome:
    endpoint = asked.endpoint
    settings = endpoint.settings
    renewal = admission.proof == "certificate"
    profile = (settings.renewal.profile or settings.profile) if renewal else settings.profile
    if admission.needs_person and endpoint.enrollment.profile(profile).approval != "manual":
        raise Refused(Reason.NOT_AUTHENTICATED, "without a challenge only a profile that a person approves is given")
    requester = _requester(asked, admission.identity or _subject_of(attempt.facts), admission.proof)
    facts = replace(attempt.facts, requester=requester)
    try:
        outcome = endpoint.enrollment.enroll(
            facts, profile, issuer=settings.issuer, reference=transaction.id, companion=companion
        )
    except AlreadyAsked:
        return Waiting()
    except Refused as refusal:
        info = FAIL_INFO[refusal.reason]
        if info is None:
            raise  # an outage ends nothing: the client comes again
        endpoint.challenges.failed(attempt, refusal.detail)
        if refusal is companion.objection:
            raise
        return Denied(info, str(refusal))  # the enrollment has written it down already
    if isinstance(outcome, Pending):
        return Waiting()
    assert isinstance(outcome, Issued)
    endpoint.challenges.succeeded(attempt, outcome.der)
    return Granted((outcome.der,))


def _requester(asked: Enrolling, identity: str, proof: str = "") -> Requester:
    return Requester(
        protocol="scep",
        identity=identity,
        proof=proof,
        origin=asked.request.peer.address,
        request_id=asked.request.id,
        application=asked.endpoint.name,
    )


def _subject_of(facts: RequestFacts) -> str:
    """The subject that was asked for, as text; the first name where the subject is empty."""
    subject = subject_to_name(facts.subject).rfc4514_string()
    return (subject or next(map(str, facts.names), "nameless"))[:255]
