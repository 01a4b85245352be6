"""The present certificate of an order that is renewed automatically (RFC 8739 3.3, 3.4)."""

from datetime import datetime
from email.utils import format_datetime

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.chains import PEM_CHAIN, written_chain
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import malformed, unauthorized
from emca_daemon.protocols.acme.ports import Reading, Writing
from emca_daemon.protocols.acme.records import Order
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.settling import own_order
from emca_daemon.protocols.acme.star import StarTerms, star_refusal, stored_terms
from emca_daemon.protocols.acme.states import OrderStage


def star_certificate(call: AccountCall, tx: Writing) -> Reply:
    """Return it to the account that ordered it."""
    call.require_read()
    (order_id,) = call.parameters
    order = own_order(call, tx, order_id)
    return _present(call.endpoint, tx, order, _terms(order), call.now)


def public_star_certificate(endpoint: Endpoint, parameters: tuple[str, ...]) -> Reply:
    """Return it to anybody, if the order says so (`allow-certificate-get`)."""
    (order_id,) = parameters
    with endpoint.store.reading() as tx:
        order = tx.acme.order(order_id)
        if order is None or order.endpoint != endpoint.name:
            raise malformed("there is no such order", 404)
        terms = _terms(order)
        if not terms.open_to_all:
            raise unauthorized("the order does not let everybody download its certificates")
        return _present(endpoint, tx, order, terms, endpoint.clock())


def _terms(order: Order) -> StarTerms:
    if order.auto_renewal is None:
        raise malformed("the order is not renewed automatically", 404)
    return stored_terms(order.auto_renewal)


def _present(endpoint: Endpoint, tx: Reading | Writing, order: Order, terms: StarTerms, now: datetime) -> Reply:
    if order.stage is OrderStage.CANCELED:
        raise star_refusal("Canceled", "the automatic renewal was canceled")
    if now >= terms.end:
        raise star_refusal("Expired", "the automatic renewal has ended")
    star = tx.acme.star_order(order.id)
    record = None if star is None else tx.certificates.find(star.issuer, star.serial)
    if record is None or record.der is None:
        raise Refused(Reason.NOT_FOUND, "the order has no certificate")
    body = written_chain(endpoint.enrollment.chain_of(record), PEM_CHAIN)
    validity = {
        "Cert-Not-Before": format_datetime(record.intent.not_before, usegmt=True),
        "Cert-Not-After": format_datetime(record.intent.not_after, usegmt=True),
    }
    return Reply(200, body=body, content_type=PEM_CHAIN, headers=validity)
