"""Downloading a certificate (RFC 8555 7.4.2)."""

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.chains import FORMATS, chosen_format, written_chain
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.settling import own_order, settled


def certificate(call: AccountCall, tx: Writing) -> Reply:
    """Return the certificate of an order with its chain, in the form that the client prefers."""
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
    chain = call.endpoint.enrollment.chain_of(record)
    return Reply(200, body=written_chain(chain, content_type), content_type=content_type)
