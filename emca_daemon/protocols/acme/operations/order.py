"""Reading an order (RFC 8555 7.4), and an account's list of orders (7.1.2.1)."""

from dataclasses import replace

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.documents import order_document
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Order
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.settling import order_headers, own_order, settled
from emca_daemon.protocols.acme.star import star_refusal
from emca_daemon.protocols.acme.states import ORDER_MOVES, OrderStage, move, order_status


def order(call: AccountCall, tx: Writing) -> Reply:
    """Return an order of the account as it stands now, its automatic renewal canceled first if that is asked for."""
    (order_id,) = call.parameters
    current = settled(call, tx, own_order(call, tx, order_id))
    if current.auto_renewal is None or call.is_read:
        call.require_read()
    else:
        current = _canceled(call, tx, current)
    document = order_document(call.endpoint, current, call.now)
    return Reply(200, document, headers=order_headers(call.endpoint, current))


def _canceled(call: AccountCall, tx: Writing, current: Order) -> Order:
    """RFC 8739 3.1.2: no certificate follows the present one; raises autoRenewalCancellationInvalid."""
    if call.payload().get("status") != OrderStage.CANCELED.value:
        raise malformed("the status of an order can only be changed to `canceled`")
    if current.stage is not OrderStage.VALID:
        status = order_status(current, call.now).value
        raise star_refusal("CancellationInvalid", f"the order is {status}, not valid", 400)
    canceled = replace(current, stage=move(ORDER_MOVES, current.stage, OrderStage.CANCELED))
    tx.acme.update_order(current, canceled)
    tx.acme.stop_star_order(current.id)
    tx.audit.append(call.event("order.cancel", call.endpoint.order_url(current.id)))
    return canceled


def orders(call: AccountCall, tx: Writing) -> Reply:
    """Return a page of the addresses of the account's orders; the query names the last one of the page before."""
    call.require_read()
    (account_id,) = call.parameters
    call.require_own(account_id)
    after = _cursor(call.request.query)
    size = call.endpoint.settings.orders_per_page
    found = tx.acme.orders_of(account_id, after, size + 1)
    page = found[:size]
    headers = {}
    if len(found) > size:
        headers["Link"] = f'<{call.identity}/orders?after={page[-1]}>;rel="next"'
    return Reply(200, {"orders": [call.endpoint.order_url(one) for one in page]}, headers=headers)


def _cursor(query: str) -> str:
    if not query:
        return ""
    name, _, value = query.partition("=")
    if name != "after" or len(value) > 64 or not value.isascii():
        raise malformed("the query is not one that this server gave")
    return value
