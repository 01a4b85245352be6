"""What a request leaves behind in the CA's own transactions, and what the same request finds there later."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from emca_daemon.ca import ports as ca
from emca_daemon.ca.cycle import Companion, NoCompanion
from emca_daemon.ca.records import (
    CertificateRecord,
    CertificateState,
    Intent,
    PendingRequest,
    RequestState,
)
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.errors import FailInfo
from emca_daemon.protocols.scep.ports import Reading, Writing
from emca_daemon.protocols.scep.records import Transaction
from emca_daemon.protocols.scep.replies import Denied, Granted, Outcome, Waiting


class Remembered(NoCompanion):
    """Keeps the transaction of a request, so that two that come at once get one certificate between them."""

    def __init__(self, endpoint: Endpoint, transaction: Transaction, replaces: Transaction | None) -> None:
        """`replaces` is what was remembered of the same request before, and counts no longer."""
        self._endpoint = endpoint
        self._transaction = transaction
        self._replaces = replaces

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """Taken with the serial number; raises Refused(WRONG_STATE) where somebody else was faster."""
        self._put(tx, replace(self._transaction, issuer=intent.issuer, serial=intent.serial))

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """Taken with the request that waits for a person; it can be asked after for longer."""
        lifetime = self._endpoint.settings.pending_lifetime
        expires = self._transaction.created + lifetime
        self._put(tx, replace(self._transaction, pending=request.id, expires=expires))

    def _put(self, tx: ca.Writing, transaction: Transaction) -> None:
        if not cast(Writing, tx).scep.put(transaction, self._replaces):
            raise AlreadyAsked


class AlreadyAsked(Refused):
    """The same request is being answered by somebody else at this moment."""

    def __init__(self) -> None:
        super().__init__(Reason.WRONG_STATE, "the same request is being answered already")


class Together:
    """Several companions in one: each is told, in order.

    `objection` is what one of them had against the signature, which the CA has written down nowhere.
    """

    def __init__(self, companions: Sequence[Companion]) -> None:
        self._companions = companions
        self.objection: Refused | None = None

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """The serial is about to be signed."""
        try:
            for companion in self._companions:
                companion.intended(tx, intent)
        except Refused as refusal:
            self.objection = refusal
            raise

    def issued(self, tx: ca.Writing, record: CertificateRecord) -> None:
        """The certificate is recorded."""
        for companion in self._companions:
            companion.issued(tx, record)

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """The request waits for a person."""
        for companion in self._companions:
            companion.waiting(tx, request)

    def abandoned(self, tx: ca.Writing, intent: Intent, refusal: Refused) -> None:
        """The signature failed."""
        for companion in self._companions:
            companion.abandoned(tx, intent, refusal)


def standing(tx: Reading, transaction: Transaction) -> Outcome | None:
    """How a transaction stands; None where it counts no longer (abandoned, or its certificate is revoked)."""
    if transaction.pending:
        request = tx.pending.get(transaction.pending)
        return None if request is None else _decided(tx, request)
    return _certificate(tx, transaction.issuer, transaction.serial)


def _decided(tx: Reading, request: PendingRequest) -> Outcome | None:
    match request.state:
        case RequestState.WAITING | RequestState.APPROVED:
            return Waiting()
        case RequestState.ISSUED:
            return _certificate(tx, request.issuer, request.serial)
        case RequestState.REJECTED:
            return Denied(FailInfo.BAD_REQUEST, f"the request was rejected: {request.note}".rstrip(": "))
    return Denied(FailInfo.BAD_REQUEST, f"the request was approved, but not issued: {request.note}".rstrip(": "))


def _certificate(tx: Reading, issuer: IssuerName | None, serial: SerialNumber | None) -> Outcome | None:
    record = None if issuer is None or serial is None else tx.certificates.find(issuer, serial)
    if record is None or record.state is CertificateState.ABANDONED or record.revocation is not None:
        return None
    # An intent without a certificate is at work in another process, or was cut off a moment ago.
    return Waiting() if record.der is None else Granted((record.der,))
