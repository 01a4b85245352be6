"""Downloading a certificate (RFC 8555 7.4.2)."""

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.chains import FORMATS, PEM_CHAIN, chosen_format, written_chain
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.settling import own_order, settled


def certificate(call: AccountCall, tx: Writing) -> Reply:
    """Return the certificate of an order with its chain, in the form that the client prefers.

    Forms that hold one certificate only come with the addresses of its issuer's.
    """
    call.require_read()
    (order_id,) = call.parameters
    content_type = chosen_format(call.request.header("accept"))
    if content_type is None:
        raise malformed(f"certificates come as {', '.join(FORMATS)}", 406)
    order = settled(call, tx, own_order(call, tx, order_id))
    record = None
    if order.issuer is not None and order.serial is not None:
        record = tx.certificates.find(order.issuer, order.serial)
    if record is None or record.der is None:
        raise Refused(Reason.NOT_FOUND, "the order has no certificate")
    issuer = call.endpoint.enrollment.issuer_of(record)
    body = written_chain(issuer.chain_for_leaf(record.der), content_type)
    up = () if content_type == PEM_CHAIN else tuple((url, "up") for url in issuer.facts.issuer_urls)
    return Reply(200, body=body, content_type=content_type, links=up)
