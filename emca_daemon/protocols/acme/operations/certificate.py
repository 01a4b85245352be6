"""Downloading a certificate (RFC 8555 7.4.2)."""

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.chains import FORMATS, PEM_CHAIN, chosen_format, written_chain
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import malformed, unauthorized
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.settling import own_order, settled


def certificate(call: AccountCall, tx: Writing) -> Reply:
    """Return the certificate of an order with its chain, in the form that the client prefers.

    Forms that hold one certificate only come with the addresses of its issuer's, and every answer with
    those of the other chains.
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
    issuers = call.endpoint.enrollment.issuers()
    issuer = next((one for one in issuers if one.name == record.intent.issuer), None)
    if issuer is None:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "no issuer here has this certificate")
    chains = (issuer.chain_for_leaf(record.der)[1:], *call.endpoint.alternates.of(issuer, issuers))
    chosen = _chosen(call.request.query, len(chains))
    body = written_chain((record.der, *chains[chosen]), content_type)
    url = call.endpoint.certificate_url(order_id)
    links = [(url + (f"?chain={one}" if one else ""), "alternate") for one in range(len(chains)) if one != chosen]
    if content_type != PEM_CHAIN:
        links += [(address, "up") for address in issuer.facts.issuer_urls]
    return Reply(200, body=body, content_type=content_type, links=tuple(links))


def public_certificate(endpoint: Endpoint, parameters: tuple[str, ...]) -> Reply:
    """Return the certificate of an order with its chain to anybody, if the order says so (RFC 9115 2.3.5)."""
    (order_id,) = parameters
    with endpoint.store.reading() as tx:
        order = tx.acme.order(order_id)
        if order is None or order.endpoint != endpoint.name:
            raise malformed("there is no such order", 404)
        if not order.open_to_all:
            raise unauthorized("the order does not let everybody download its certificate")
        record = None
        if order.issuer is not None and order.serial is not None:
            record = tx.certificates.find(order.issuer, order.serial)
    if record is None or record.der is None:
        raise Refused(Reason.NOT_FOUND, "the order has no certificate")
    body = written_chain(endpoint.enrollment.chain_of(record), PEM_CHAIN)
    return Reply(200, body=body, content_type=PEM_CHAIN)


def _chosen(query: str, count: int) -> int:
    """The number of the chain that the address names, 0 for the usual one; raises malformed (404)."""
    if not query:
        return 0
    name, _, value = query.partition("=")
    numbers = {str(number): number for number in range(1, count)}
    if name != "chain" or value not in numbers:
        raise malformed("there is no such chain", 404)
    return numbers[value]
