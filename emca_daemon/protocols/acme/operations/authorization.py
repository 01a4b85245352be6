"""Reading and deactivating an authorization (RFC 8555 7.5, 7.5.2)."""

from dataclasses import replace

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.documents import authorization_document, retry_after
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Authorization
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.states import AUTHORIZATION_MOVES, AuthorizationStatus, authorization_status, move


def authorization(call: AccountCall, tx: Writing) -> Reply:
    """Return an authorization of the account, deactivated first if that is asked for."""
    (authorization_id,) = call.parameters
    current = tx.acme.authorization(authorization_id)
    if current is None or current.endpoint != call.endpoint.name:
        raise malformed("there is no such authorization", 404)
    call.require_own(current.account_id)
    if not call.is_read:
        current = _deactivate(call, tx, current)
    document = authorization_document(call.endpoint, current, call.now)
    return Reply(200, document, headers=retry_after(current, call.now))


def _deactivate(call: AccountCall, tx: Writing, current: Authorization) -> Authorization:
    if call.payload().get("status") != AuthorizationStatus.DEACTIVATED.value:
        raise malformed("the status of an authorization can only be changed to `deactivated`")
    status = authorization_status(current, call.now)
    if status not in AUTHORIZATION_MOVES:
        raise malformed(f"the authorization is {status.value} and cannot be deactivated")
    new = move(AUTHORIZATION_MOVES, status, AuthorizationStatus.DEACTIVATED)
    tx.acme.update_authorization(current.id, current.status, new, current.expires)
    tx.audit.append(call.event("authorization.deactivate", str(current.name), authorization=current.id))
    return replace(current, status=new)
