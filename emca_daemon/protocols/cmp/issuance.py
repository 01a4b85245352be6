"""What a transaction writes in the CA's own transactions, so that it never issues twice and never hangs."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import cast

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.cmp import IMPLICIT_CONFIRM, Body
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.ca import ports as ca
from emca_daemon.ca.records import CertificateRecord, Intent, PendingRequest
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.ports import Writing
from emca_daemon.protocols.cmp.records import Stage, Transaction


def new_transaction(call: Call, stage: Stage, lifetime: timedelta, request_id: int = 0) -> Transaction:
    """The row of a message that opens a transaction."""
    credential = call.credential
    asked = call.message.header.information(IMPLICIT_CONFIRM) is not None
    certificate = None if credential.certificate is None else credential.certificate.public_bytes(Encoding.DER)
    return Transaction(
        endpoint=call.endpoint.name,
        id=call.transaction_id,
        credential=credential.key,
        protection=credential.protection.oid,
        request=call.message.type,
        request_id=request_id,
        stage=stage,
        nonce=call.nonce,
        implicit=asked and call.endpoint.settings.implicit_confirm,
        created=call.now,
        expires=call.now + lifetime,
        signer=certificate,
        asked_nonce=call.message.header.sender_nonce,
    )


def request_ids(call: Call, transaction: Transaction) -> tuple[int, ...]:
    """The certReqIds by which a follow-up may name the request; the first is the right one.

    For a PKCS #10 that is -1 (RFC 9810 5.3.4); clients of before that was written say 0.
    """
    tolerated = transaction.request is Body.P10CR and not call.endpoint.settings.strict
    return (transaction.request_id, 0) if tolerated else (transaction.request_id,)


def claim(tx: ca.Writing, transaction: Transaction) -> None:
    """Take the transaction's id; raises Failure where it is taken."""
    rows = cmp_rows(tx).cmp
    if not rows.add(transaction):
        raise failure(FailInfo.TRANSACTION_ID_IN_USE, "the transactionID is in use")


def open_transaction(tx: ca.Writing, transaction: Transaction, most: int) -> None:
    """`claim` for one that goes on; raises Refused(RATE_LIMITED) where its owner has `most` open already."""
    if cmp_rows(tx).cmp.count_open(transaction.endpoint, transaction.credential) >= most:
        raise Refused(Reason.RATE_LIMITED, "too many transactions of this client are under way")
    claim(tx, transaction)


def cmp_rows(tx: ca.Writing) -> Writing:
    """The CA's transaction as what it is: the store's one transaction, CMP's rows included."""
    return cast(Writing, tx)


class TransactionCompanion:
    """Moves one transaction along with its certificate; `transaction` is how it stands after what was done."""

    def __init__(self, call: Call, request_id: int, *, may_wait: bool = True, may_be_implicit: bool = True) -> None:
        """`may_wait` says whether the request can be kept until a person decides, `may_be_implicit` whether the
        certificate may be the client's without its word.
        """
        settings = call.endpoint.settings
        self._settings = settings
        self._call = call
        self._may_wait = may_wait
        opened = new_transaction(call, Stage.ISSUING, settings.replay_window, request_id)
        # A key or an encrypted certificate is sent once: the answer could not be the same again.
        digest = sha256(call.message.protected).digest() if may_wait else None
        self.transaction = replace(opened, implicit=opened.implicit and may_be_implicit, digest=digest)

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """The id is taken in the intent's transaction: of two equal messages only one gets a serial."""
        self._claim(tx, replace(self.transaction, issuer=intent.issuer, serial=intent.serial))

    def issued(self, tx: ca.Writing, record: CertificateRecord) -> None:
        """The certificate waits for its confirmation, or is the client's at once."""
        assert record.intent.serial == self.transaction.serial
        self._move(tx, delivered(self.transaction, self._call))

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """The client will poll; the transaction finds the waiting request by its id."""
        if not self._may_wait:
            raise Failure(
                FailInfo.NOT_AUTHORIZED, "nobody decides later on keys made here, or on encrypted certificates"
            )
        expires = self._call.now + self._settings.poll_within
        self._claim(tx, replace(self.transaction, stage=Stage.WAITING, pending=request.id, expires=expires))

    def abandoned(self, tx: ca.Writing, intent: Intent, refusal: Refused) -> None:
        """Nothing will be issued under that serial: the transaction is over."""
        assert refusal is not None
        assert intent.serial == self.transaction.serial
        self._move(tx, replace(self.transaction, stage=Stage.FINISHED))

    def _claim(self, tx: ca.Writing, transaction: Transaction) -> None:
        if self._call.opened is not None:  # by a request whose possession is proved only now
            cmp_rows(tx).cmp.update(transaction, Stage.CHALLENGED)
        else:
            open_transaction(tx, transaction, self._settings.open_transactions)
        self.transaction = transaction

    def _move(self, tx: ca.Writing, moved: Transaction) -> None:
        cmp_rows(tx).cmp.update(moved, self.transaction.stage)
        self.transaction = moved


def delivered(transaction: Transaction, call: Call) -> Transaction:
    """The transaction once its certificate is handed out in the answer to this call."""
    settings = call.endpoint.settings
    if transaction.implicit:
        return replace(transaction, stage=Stage.FINISHED, nonce=call.nonce, expires=call.now + settings.replay_window)
    return replace(transaction, stage=Stage.CONFIRMING, nonce=call.nonce, expires=call.now + settings.confirm_within)


def finished(transaction: Transaction, call: Call) -> Transaction:
    """The transaction once it is over, to be remembered for a while."""
    expires = call.now + call.endpoint.settings.replay_window
    return replace(transaction, stage=Stage.FINISHED, nonce=call.nonce, expires=expires)
