"""From the octets of a request to those of its answer: read, prove, check, carry out, protect."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body, InformationValue, Message, read_message, salvage
from emca_daemon.asn1.cmp_content import general_message
from emca_daemon.asn1.cmp_status import FailInfo, error_content
from emca_daemon.asn1.signature_algorithms import is_signature
from emca_daemon.ca.audit import refusal_by
from emca_daemon.errors import Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.cmp import macs
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Answer, Call, Endpoint, Origin
from emca_daemon.protocols.cmp.credentials import Kind
from emca_daemon.protocols.cmp.errors import Failure, WrongSecret, failure_of, rejection
from emca_daemon.protocols.cmp.headers import FOLLOWING, continuing_failure, header_failure, is_repeated
from emca_daemon.protocols.cmp.kem import asks_for_ciphertext
from emca_daemon.protocols.cmp.nested import Broken, inside_of, unwrapped
from emca_daemon.protocols.cmp.operations import enrollment, revocation
from emca_daemon.protocols.cmp.operations.confirmation import CONFIRMED, confirm, end
from emca_daemon.protocols.cmp.operations.encapsulation import encapsulate
from emca_daemon.protocols.cmp.operations.enrollment import REPLIES, answer_again, enroll
from emca_daemon.protocols.cmp.operations.general import INFORMATION, inform
from emca_daemon.protocols.cmp.operations.polling import poll
from emca_daemon.protocols.cmp.operations.possession import prove
from emca_daemon.protocols.cmp.originals import check_replaced
from emca_daemon.protocols.cmp.passphrases import REV_PASSPHRASE, keep
from emca_daemon.protocols.cmp.records import Stage, Transaction
from emca_daemon.protocols.cmp.replies import protected, signed, unprotected_error

_NONCE_OCTETS = 16
_SIGNED_ALONE = frozenset({Body.KUR, Body.RR, Body.CCR})
"""What a shared secret is no proof for (RFC 9483 4.1.3, 4.2)."""
_OF_THE_SIGNER = frozenset({Body.KUR, Body.RR})
"""What asks for something about the very certificate that signs."""

Operation = Callable[[Call], Answer]


def _note_error(call: Call) -> Answer:
    """An error of the client's ends its transaction, and is confirmed (RFC 9810 5.3.21)."""
    if call.opened is not None and call.opened.stage is not Stage.FINISHED:
        end(call, call.opened)
    return CONFIRMED


OPERATIONS: Mapping[Body, Operation] = {
    Body.IR: enroll,
    Body.CR: enroll,
    Body.KUR: enroll,
    Body.P10CR: enroll,
    Body.CCR: enroll,
    Body.RR: revocation.revoke,
    Body.CERTCONF: confirm,
    Body.POLLREQ: poll,
    Body.POPDECR: prove,
    Body.GENM: inform,
    Body.ERROR: _note_error,
}
"""What is done with each body; all others are refused."""


class Exchange:
    """Answers the messages of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def answer(self, data: bytes, origin: Origin) -> bytes:
        """The answer to any octets; raises Refused(MALFORMED) for what does not even begin as a message does."""
        try:
            message = read_message(data)
        except Refused as refusal:
            salvaged = salvage(data)
            if salvaged is None:
                raise
            return unprotected_error(self._endpoint, salvaged, refusal)
        return self._answered(message, origin, 0)

    def _answered(self, message: Message, origin: Origin, depth: int) -> bytes:
        """The answer to a message that stands in `depth` others."""
        try:
            return (
                self._nested(message, origin, depth) if message.type is Body.NESTED else self._answer(message, origin)
            )
        except Refused as refusal:
            return unprotected_error(self._endpoint, message.header, refusal)

    def _nested(self, message: Message, origin: Origin, depth: int) -> bytes:
        """The answer to the one message inside, or all of them in an answer to whoever collected the messages."""
        endpoint = self._endpoint
        now, nonce = endpoint.clock(), endpoint.random(_NONCE_OCTETS)
        broken = header_failure(message, None, endpoint.settings, now)
        try:
            credential = endpoint.authentication.sender(message, None)
        except Refused as refusal:
            return self._not_proved(message, broken or refusal, nonce)
        call = Call(endpoint, message, credential, None, origin, now, nonce)
        if broken is not None:
            return protected(endpoint, message.header, credential, self._error(broken), nonce)
        try:
            inside = unwrapped(call, depth)
        except Refused as refusal:
            self._note(call, refusal)
            return protected(endpoint, message.header, credential, self._error(refusal), nonce)
        answers = [
            unprotected_error(endpoint, one.salvaged, one.refusal)
            if isinstance(one, Broken)
            else self._answered(one, inside_of(origin), depth + 1)
            for one in inside
        ]
        if len(answers) == 1:
            return answers[0]
        return protected(endpoint, message.header, credential, Answer(Body.NESTED, der.sequence(*answers)), nonce)

    def _answer(self, message: Message, origin: Origin) -> bytes:
        endpoint = self._endpoint
        now, nonce = endpoint.clock(), endpoint.random(_NONCE_OCTETS)
        with self._at_once(message):
            opened = self._opened(message)
            broken = header_failure(message, opened, endpoint.settings, now)
            if broken is None and asks_for_ciphertext(message):
                return signed(endpoint, message.header, encapsulate(endpoint, message), nonce)
            try:
                credential = endpoint.authentication.sender(message, opened)
            except Refused as refusal:
                self._note_wrong_secret(refusal, origin, now)
                return self._not_proved(message, broken or refusal, nonce)
        if broken is None and opened is not None and is_repeated(message, opened):
            nonce = opened.nonce  # which the confirmation repeats, whichever of the answers arrives
        call = Call(endpoint, message, credential, opened, origin, now, nonce)
        answer = self._error(broken) if broken is not None else self._carried_out(call)
        return protected(endpoint, message.header, credential, answer, nonce)

    def _at_once(self, message: Message) -> AbstractContextManager[object]:
        """One transaction for what is looked up about a signed message; MACs may take too long for that."""
        protection = message.header.protection_algorithm
        is_signed = protection is not None and is_signature(protection.oid)
        return self._endpoint.store.reading() if is_signed else nullcontext()

    def _opened(self, message: Message) -> Transaction | None:
        identifier = message.header.transaction_id
        if not identifier:
            return None
        with self._endpoint.store.reading() as tx:
            return tx.cmp.get(self._endpoint.name, identifier)

    def _not_proved(self, message: Message, refusal: Refused, nonce: bytes) -> bytes:
        """Signed requests get a signed answer even where their sender is not known; others a bare error.

        A signature of a kind that is not known here is taken for one by the certificates beside it.
        """
        protection = message.header.protection_algorithm
        if protection is None or macs.is_mac(protection.oid):
            raise refusal
        if not is_signature(protection.oid) and not message.certificates:
            raise refusal
        answer = self._error(refusal)
        if message.type in _OF_THE_SIGNER and failure_of(refusal) is FailInfo.CERT_REVOKED:
            answer = self._in_reply(message.type, refusal)
        return signed(self._endpoint, message.header, answer, nonce)

    def _carried_out(self, call: Call) -> Answer:
        try:
            self._check_place(call)
            operation = OPERATIONS.get(call.message.type)
            if operation is None:
                raise failure(FailInfo.BAD_REQUEST, f"{call.message.type.name.lower()} is not answered here")
            if call.message.type in REPLIES and call.opened is not None:
                return answer_again(call, call.opened)
            given = call.message.header.information(REV_PASSPHRASE)
            if given is None:
                return operation(call)
            keep(call, given.value)
            answer = operation(call)
            return replace(answer, information=(*answer.information, InformationValue(REV_PASSPHRASE)))
        except Refused as refusal:
            self._note(call, refusal)
            return self._refused(_request_of(call), refusal)

    def _check_place(self, call: Call) -> None:
        """Whether the sender may go on with this transaction, and the path is that of the body (RFC 9483 6.1)."""
        going_on = call.message.type in FOLLOWING or call.message.type is Body.ERROR
        if call.opened is not None:
            stranger = continuing_failure(call.opened, call.credential)
            if stranger is not None:
                raise stranger
        if call.credential.kind is Kind.SECRET and call.message.type in _SIGNED_ALONE:
            raise failure(FailInfo.WRONG_INTEGRITY, f"{call.message.type.name.lower()} must be signed")
        if call.credential.kind is Kind.RA:
            check_replaced(call.message)
        operation = call.origin.operation
        if operation and not going_on and operation not in _operations_of(call.message):
            raise failure(FailInfo.BAD_REQUEST, "the path is that of another operation")

    def _refused(self, request: Body, refusal: Refused) -> Answer:
        if isinstance(refusal, Failure) and refusal.of_message:
            return self._error(refusal)
        return self._in_reply(request, refusal)

    def _in_reply(self, request: Body, refusal: Refused) -> Answer:
        if request in REPLIES:
            return enrollment.rejected_answer(request, refusal)
        if request is Body.RR:
            return revocation.rejected_answer(refusal)
        return self._error(refusal)

    def _error(self, refusal: Refused) -> Answer:
        return Answer(Body.ERROR, error_content(rejection(refusal)))

    def _note_wrong_secret(self, refusal: Refused, origin: Origin, now: datetime) -> None:
        """The first of a row is audited, and the one that locks: nobody can fill the chain by guessing on."""
        endpoint = self._endpoint
        if not isinstance(refusal, WrongSecret) or refusal.count not in (1, endpoint.settings.attempts):
            return
        proof = Kind.SECRET.value
        somebody = Requester("cmp", refusal.reference, proof, origin.address, origin.request_id, endpoint.name)
        subject = f"{endpoint.name}/{refusal.reference}"
        with endpoint.store.writing() as tx:
            tx.audit.append(refusal_by(somebody, now, "cmp.secret", subject, refusal, attempts=refusal.count))

    def _note(self, call: Call, refusal: Refused) -> None:
        """What is refused by CMP itself is audited here; what policy or the CA refuse, they have audited.

        A message that is only repeated is not: whoever has overheard it could fill the chain.
        """
        if not isinstance(refusal, Failure) or refusal.failure is FailInfo.TRANSACTION_ID_IN_USE:
            return
        action = f"cmp.{call.message.type.name.lower()}"
        subject = f"{call.endpoint.name}/{call.transaction_id.hex()}"
        with call.endpoint.store.writing() as tx:
            tx.audit.append(
                refusal_by(call.requester, call.now, action, subject, refusal, failure=refusal.failure.name.lower())
            )


def _request_of(call: Call) -> Body:
    """The request that is refused: the one whose challenge is not met, for an answer to that."""
    if call.message.type is Body.POPDECR and call.opened is not None:
        return call.opened.request
    return call.message.type


def _operations_of(message: Message) -> set[str]:
    """The words for a body in paths: its own, and for a genm what it asks for."""
    if message.type is not Body.GENM:
        return {message.type.name.lower()}
    return {INFORMATION.get(one.oid, "") for one in general_message(message.body)}
