"""Account creation (RFC 8555 7.3, 7.3.1)."""

from emca_daemon.errors import Reason
from emca_daemon.protocols.acme.calls import Call
from emca_daemon.protocols.acme.contacts import read_contacts
from emca_daemon.protocols.acme.documents import account_document
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed, unauthorized
from emca_daemon.protocols.acme.external_accounts import bound_account
from emca_daemon.protocols.acme.limits import take_account
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Account
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.standing import check_not_blocked, terms_refusal
from emca_daemon.protocols.acme.states import AccountStatus


def new_account(call: Call, tx: Writing) -> Reply:
    """Make an account for the request's key, or return the one that it has."""
    payload = call.payload()
    only_existing = payload.get("onlyReturnExisting", False)
    if not isinstance(only_existing, bool):
        raise malformed("the member `onlyReturnExisting` is not a boolean")
    existing = tx.acme.account_by_key(call.endpoint.name, call.key.thumbprint)
    if existing is not None:
        return _existing(call.endpoint, existing)
    if only_existing:
        raise AcmeRefusal(Problem("accountDoesNotExist", "no account has this key"), reason=Reason.NOT_FOUND)
    check_not_blocked(tx, call.key)
    take_account(call, tx)
    bound = bound_account(call, tx, payload)
    account = Account(
        id=call.endpoint.new_id(),
        endpoint=call.endpoint.name,
        status=AccountStatus.VALID,
        jwk=call.key.text(),
        thumbprint=call.key.thumbprint,
        key_fingerprint=call.key.fingerprint,
        contacts=read_contacts(payload.get("contact")),
        terms_agreed=_terms_agreed(call.endpoint, payload),
        created=call.now,
        terms=call.endpoint.settings.terms_of_service,
        binding=None if bound is None else bound.id,
        binding_request=None if bound is None else bound.request,
    )
    if not tx.acme.add_account(account):
        winner = tx.acme.account_by_key(call.endpoint.name, call.key.thumbprint)
        return _existing(call.endpoint, winner or account)
    url = call.endpoint.account_url(account.id)
    details = {} if account.binding is None else {"external_account": account.binding}
    contacts = " ".join(account.contacts)
    tx.audit.append(call.event("account.create", url, contacts=contacts, key=account.thumbprint, **details))
    return _reply(201, call.endpoint, account)


def _existing(endpoint: Endpoint, account: Account) -> Reply:
    if account.status is not AccountStatus.VALID:
        raise unauthorized(f"the account of this key is {account.status.value}")
    return _reply(200, endpoint, account)


def _reply(status: int, endpoint: Endpoint, account: Account) -> Reply:
    location = {"Location": endpoint.account_url(account.id)}
    return Reply(status, account_document(endpoint, account), headers=location)


def _terms_agreed(endpoint: Endpoint, payload: dict[str, object]) -> bool:
    agreed = payload.get("termsOfServiceAgreed", False)
    if not isinstance(agreed, bool):
        raise malformed("the member `termsOfServiceAgreed` is not a boolean")
    terms = endpoint.settings.terms_of_service
    if terms is not None and not agreed:
        raise terms_refusal(terms, f"the terms of service must be agreed to: {terms}")
    return agreed
