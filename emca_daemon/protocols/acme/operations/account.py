"""Reading, updating and deactivating an account (RFC 8555 7.3.2, 7.3.6)."""

from dataclasses import replace

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.contacts import read_contacts
from emca_daemon.protocols.acme.documents import account_document
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Account
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.states import ACCOUNT_MOVES, AccountStatus, move


def account(call: AccountCall, tx: Writing) -> Reply:
    """Return the account, after the changes asked for; members other than `contact`, `status` and the
    agreement to the terms are ignored.
    """
    (account_id,) = call.parameters
    call.require_own(account_id)
    current = call.stored_account(tx)
    if not call.is_read:
        current = _change(call, tx, current, call.payload())
    location = {"Location": call.identity}
    return Reply(200, account_document(call.endpoint, current), headers=location)


def _change(call: AccountCall, tx: Writing, current: Account, payload: dict[str, object]) -> Account:
    status = payload.get("status", AccountStatus.VALID.value)
    if status == AccountStatus.DEACTIVATED.value:
        return _deactivate(call, tx, current)
    if status != AccountStatus.VALID.value:
        raise malformed("the status of an account can only be changed to `deactivated`")
    contacts = read_contacts(payload["contact"]) if "contact" in payload else current.contacts
    changed = replace(current, contacts=contacts)
    terms = call.endpoint.settings.terms_of_service
    if payload.get("termsOfServiceAgreed") is True and terms is not None:
        changed = replace(changed, terms_agreed=True, terms=terms)
    if changed == current:
        return current
    tx.acme.update_account(changed, current.thumbprint)
    tx.audit.append(call.event("account.update", call.identity, contacts=" ".join(contacts), terms=changed.terms))
    return changed


def _deactivate(call: AccountCall, tx: Writing, current: Account) -> Account:
    """End the account; its open orders become invalid with their authorizations."""
    changed = replace(current, status=move(ACCOUNT_MOVES, current.status, AccountStatus.DEACTIVATED))
    tx.acme.update_account(changed, current.thumbprint)
    tx.acme.deactivate_authorizations(current.id)
    tx.audit.append(call.event("account.deactivate", call.identity))
    return changed
