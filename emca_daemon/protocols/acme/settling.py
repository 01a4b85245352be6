"""Orders on their way to a certificate: whose they are, and what became of those that are processing."""

from dataclasses import replace

from emca_daemon.ca.records import CertificateState, PendingRequest, RequestState
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import Problem, malformed
from emca_daemon.protocols.acme.ports import Reading, Writing
from emca_daemon.protocols.acme.records import Order
from emca_daemon.protocols.acme.states import ORDER_MOVES, OrderStage, move

_PERSON_DECIDES = "60"
_SIGNING = "3"
"""Seconds until asking again is worth while: some clients give up after thirty times that."""

INTERRUPTED = Problem("serverInternal", "the certificate was not issued; place a new order", 500)


def own_order(call: AccountCall, tx: Reading, order_id: str) -> Order:
    """An order of the calling account; raises malformed (404) and unauthorized."""
    order = tx.acme.order(order_id)
    if order is None or order.endpoint != call.endpoint.name:
        raise malformed("there is no such order", 404)
    call.require_own(order.account_id)
    return order


def order_headers(endpoint: Endpoint, order: Order) -> dict[str, str]:
    """The headers of every answer that holds an order: its address always, since clients poll what is given there."""
    headers = {"Location": endpoint.order_url(order.id)}
    if order.stage is OrderStage.PROCESSING:
        headers["Retry-After"] = _PERSON_DECIDES if order.serial is None else _SIGNING
    return headers


def settled(call: AccountCall, tx: Writing, order: Order) -> Order:
    """The order, moved on if it is processing and its certificate or a refusal is there; written down if so."""
    if order.stage is not OrderStage.PROCESSING:
        return order
    outcome = _of_signing(tx, order) if order.serial is not None else _of_waiting(tx, order)
    if outcome is order:
        return order
    move(ORDER_MOVES, order.stage, outcome.stage)
    tx.acme.update_order(order, outcome)
    subject = call.endpoint.order_url(order.id)
    ending = "success" if outcome.stage is OrderStage.VALID else "failed"
    tx.audit.append(call.event("order.settle", subject, ending, status=outcome.stage.value))
    return outcome


def _of_signing(tx: Reading, order: Order) -> Order:
    """After a crash between intent and signature the serial counts as abandoned, and so does the order."""
    if order.issuer is None or order.serial is None:
        return order
    record = tx.certificates.find(order.issuer, order.serial)
    if record is None or record.state is CertificateState.ABANDONED:
        return replace(order, stage=OrderStage.INVALID, error=INTERRUPTED.text())
    if record.state is CertificateState.ISSUED:
        return replace(order, stage=OrderStage.VALID)
    return order


def _of_waiting(tx: Reading, order: Order) -> Order:
    request = tx.pending.find("acme", order.id)
    if request is None or request.state in {RequestState.WAITING, RequestState.APPROVED}:
        return order
    if request.state is RequestState.ISSUED:
        return replace(order, stage=OrderStage.VALID, issuer=request.issuer, serial=request.serial)
    return replace(order, stage=OrderStage.INVALID, error=_refusal(request).text())


def _refusal(request: PendingRequest) -> Problem:
    if request.state is RequestState.REJECTED:
        return Problem("unauthorized", f"the request was rejected: {request.note}".removesuffix(": "), 403)
    return Problem("serverInternal", f"the request was approved but not issued: {request.note}", 500)
