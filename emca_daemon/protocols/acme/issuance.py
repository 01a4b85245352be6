"""What an order writes down in the CA's own transactions, so that it never issues twice and never hangs."""

from dataclasses import replace
from hashlib import sha256
from typing import cast

from emca_daemon.ca import ports as ca
from emca_daemon.ca.records import CertificateRecord, Intent, PendingRequest
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.errors import Problem, problem_of
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Order, StarOrder
from emca_daemon.protocols.acme.star import begin_of, stored_terms
from emca_daemon.protocols.acme.states import ORDER_MOVES, OrderStage, OrderStatus, move, order_status


class OrderCompanion:
    """Moves one order along with its certificate; `order` is how it stands after what was done."""

    def __init__(self, call: AccountCall, order: Order, csr: bytes) -> None:
        """`csr` is in DER."""
        self._call = call
        self._csr = csr
        self._csr_hash = sha256(csr).digest()
        self.order = order

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """Ready becomes processing, in the intent's transaction: of two finalizations only one gets a serial."""
        self._begin(_acme(tx), replace(self.order, issuer=intent.issuer, serial=intent.serial))

    def issued(self, tx: ca.Writing, record: CertificateRecord) -> None:
        """Processing becomes valid, in the certificate's transaction."""
        assert record.der is not None
        self._move(_acme(tx), OrderStage.VALID)
        if self.order.auto_renewal is not None:
            terms = stored_terms(self.order.auto_renewal)
            begin, intent = begin_of(terms, self._call.now), record.intent
            star = StarOrder(self.order.id, self._csr, intent.issuer, intent.serial, begin, terms.due(begin, 1))
            _acme(tx).acme.keep_star_order(star)

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """Ready becomes processing; the order finds the waiting request by its own id."""
        assert request.reference == self.order.id
        self._begin(_acme(tx), self.order)

    def abandoned(self, tx: ca.Writing, intent: Intent, refusal: Refused) -> None:
        """Nothing will be issued under that serial: processing becomes invalid.

        Where the key was only out of reach the order is what it was before: nothing is lost, and the client may
        finalize again.
        """
        assert intent.serial == self.order.serial
        if refusal.reason is Reason.UNAVAILABLE:
            stage = move(ORDER_MOVES, self.order.stage, OrderStage.OPEN)
            reopened = replace(self.order, stage=stage, csr_hash=b"", issuer=None, serial=None)
            _acme(tx).acme.update_order(self.order, reopened)
            self.order = reopened
            return
        self._move(_acme(tx), OrderStage.INVALID, _ending(refusal))

    def _begin(self, tx: Writing, begun: Order) -> None:
        current = tx.acme.order(self.order.id)
        if current is None or order_status(current, self._call.now) is not OrderStatus.READY:
            raise Refused(Reason.WRONG_STATE, "the order is not ready any more")
        self._call.spend_nonce(tx)
        stage = move(ORDER_MOVES, current.stage, OrderStage.PROCESSING)
        begun = replace(begun, stage=stage, csr_hash=self._csr_hash)
        tx.acme.update_order(current, begun)
        self.order = begun

    def _move(self, tx: Writing, stage: OrderStage, error: str = "") -> None:
        moved = replace(self.order, stage=move(ORDER_MOVES, self.order.stage, stage), error=error)
        tx.acme.update_order(self.order, moved)
        self.order = moved


def _ending(refusal: Refused) -> str:
    problem = problem_of(refusal)
    return Problem("serverInternal", "the certificate could not be signed; place a new order", problem.status).text()


def _acme(tx: ca.Writing) -> Writing:
    """The CA's transaction as what it is: the store's one transaction, ACME's rows included."""
    return cast(Writing, tx)
