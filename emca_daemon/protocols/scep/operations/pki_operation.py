"""PKIOperation (RFC 8894 4.3 to 4.6): a message checked and opened, its operation done, the answer sealed."""

from dataclasses import replace

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import pkcs10
from emca_daemon.asn1.cms_decrypting import oaep_digest
from emca_daemon.asn1.cms_enveloped import Enveloped
from emca_daemon.ca.audit import refusal_by
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.http import Request
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.errors import FAIL_INFO
from emca_daemon.protocols.scep.messages import MessageType, PkiMessage, read_pki_message
from emca_daemon.protocols.scep.opening import open_envelope, read_envelope, undecryptable
from emca_daemon.protocols.scep.operations.ca_information import chain_of
from emca_daemon.protocols.scep.operations.enroll import Enrolling, enroll
from emca_daemon.protocols.scep.operations.inquire import get_cert, get_crl, poll
from emca_daemon.protocols.scep.replies import Denied, Outcome, ReplyTo, recipient_of, write_reply

_ENROLLMENTS = (MessageType.PKCS_REQ, MessageType.RENEWAL_REQ)
_FALLBACK_DIGEST = "sha256"


def answer(endpoint: Endpoint, request: Request, data: bytes) -> bytes:
    """The CertRep to a pkiMessage.

    Raises Refused for what no CertRep can answer: MALFORMED for what is no pkiMessage, UNAVAILABLE for what passes.
    """
    message = read_pki_message(data)
    to = ReplyTo(message, _digest(endpoint, message), "aes-128-cbc")
    try:
        to, outcome = _outcome(endpoint, request, message, to)
    except Refused as refusal:
        info = FAIL_INFO[refusal.reason]
        if info is None:
            raise
        note_refusal(endpoint, request, refusal, message.transaction_id)
        outcome = Denied(info, str(refusal))
    return _sealed(endpoint, outcome, to)


def note_refusal(endpoint: Endpoint, request: Request, refusal: Refused, transaction_id: bytes = b"") -> None:
    """Write a refusal down in the audit chain."""
    by = Requester("scep", "unknown", "none", request.peer.address, request.id, application=endpoint.name)
    subject = transaction_id.decode("ascii", "backslashreplace")[:255]
    with endpoint.store.writing() as tx:
        tx.audit.append(refusal_by(by, endpoint.clock(), "scep.message", subject, refusal))


def _digest(endpoint: Endpoint, message: PkiMessage) -> str:
    """The digest of the reply is that of the request (old clients know no other), unless it is not allowed."""
    return message.signer.digest if message.signer.digest in endpoint.digests else _FALLBACK_DIGEST


def _transport_digest(endpoint: Endpoint, enveloped: Enveloped) -> str | None:
    """The reply's key goes the way of the request's: by RSAES-OAEP where that did, with a digest that is allowed."""
    digest = oaep_digest(enveloped)
    return digest if digest is None or digest in endpoint.digests else _FALLBACK_DIGEST


def _outcome(endpoint: Endpoint, request: Request, message: PkiMessage, to: ReplyTo) -> tuple[ReplyTo, Outcome]:
    message.verify(endpoint.digests)
    if message.type is None or message.type is MessageType.CERT_REP:
        raise Refused(Reason.MALFORMED, "the messageType is none that a client sends")
    if message.sender_nonce is None and endpoint.quirks.nonce_required:
        raise Refused(Reason.MALFORMED, "the senderNonce is missing")
    enveloped = read_envelope(endpoint, message.signed.content)
    to = ReplyTo(message, to.digest, enveloped.cipher.name, may_agree=message.type not in _ENROLLMENTS)
    data = open_envelope(endpoint, enveloped)
    to = replace(to, oaep=_transport_digest(endpoint, enveloped))
    if message.type in _ENROLLMENTS:
        csr = _read_request(data)
        to = replace(to, password=csr.challenge_password)
        recipient_of(to)  # before anything is issued that could not be sent
        return to, enroll(Enrolling(endpoint, message, csr, request))
    recipient_of(to)
    try:
        if message.type is MessageType.CERT_POLL:
            return to, poll(endpoint, message, data)
        return to, get_cert(endpoint, data) if message.type is MessageType.GET_CERT else get_crl(endpoint, data)
    except Refused as refusal:
        raise (undecryptable() if refusal.reason is Reason.MALFORMED else refusal) from None


def _read_request(data: bytes) -> pkcs10.CertificationRequest:
    """The request inside; one that cannot be read is not told from one that cannot be decrypted."""
    try:
        return pkcs10.read_request(data)
    except Refused:
        raise undecryptable() from None


def _sealed(endpoint: Endpoint, outcome: Outcome, to: ReplyTo) -> bytes:
    identity = endpoint.registration.identity()
    enclosed = [identity.certificate.public_bytes(Encoding.DER)]
    if endpoint.chain_in_reply:
        enclosed += chain_of(endpoint)
    return write_reply(outcome, to, identity, enclosed, endpoint.random)
