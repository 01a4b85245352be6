"""Account key roll-over (RFC 8555 7.3.5)."""

from dataclasses import replace

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.account_keys import AccountKey, read_jwk
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.documents import account_document
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.jws import SignedMessage, read_flattened
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.standing import check_not_blocked
from emca_daemon.protocols.json_text import read_object

MOST_REMEMBERED = 100
"""Former keys of an account whose thumbprints are kept: records of dns-persist-01 outlive them."""


def key_change(call: AccountCall, tx: Writing) -> Reply:
    """Replace the account's key by the one that signed the inner JWS."""
    inner = read_flattened(call.payload())
    new_key = _new_key(call, inner)
    _check_inner(call, inner)
    account = call.stored_account(tx)
    changed = replace(
        account,
        jwk=new_key.text(),
        thumbprint=new_key.thumbprint,
        key_fingerprint=new_key.fingerprint,
        former_thumbprints=(account.thumbprint, *account.former_thumbprints)[:MOST_REMEMBERED],
    )
    check_not_blocked(tx, new_key)
    owner = tx.acme.account_by_key(call.endpoint.name, new_key.thumbprint)
    if owner is not None:
        raise _in_use(call, owner.id)
    if not tx.acme.update_account(changed, call.account.thumbprint):
        raise Refused(Reason.UNAVAILABLE, "another request changes the same keys; try again", retry_after=1)
    tx.audit.append(
        call.event("account.key-change", call.identity, old=call.account.thumbprint, new=new_key.thumbprint)
    )
    return Reply(200, account_document(call.endpoint, changed), headers={"Location": call.identity})


def _new_key(call: AccountCall, inner: SignedMessage) -> AccountKey:
    if inner.jwk is None:
        raise malformed("the inner JWS must bring the new key: `jwk`, not `kid`")
    new_key = read_jwk(inner.jwk, call.endpoint.weak_keys)
    inner.verify(new_key)
    return new_key


def _check_inner(call: AccountCall, inner: SignedMessage) -> None:
    if "nonce" in inner.header:
        raise malformed("the inner JWS must not carry a nonce")
    if inner.url != call.message.url:
        raise malformed("the `url` of the inner JWS is not that of the outer one")
    payload = read_object(inner.payload, "the payload of the inner JWS")
    if payload.get("account") != call.identity:
        raise malformed("the member `account` is not the account that signed the request")
    old_key = read_jwk(payload.get("oldKey"), call.endpoint.weak_keys)
    if old_key.thumbprint != call.account.thumbprint:
        raise malformed("the member `oldKey` is not the account's present key")
    new_key = read_jwk(inner.jwk, call.endpoint.weak_keys)
    if new_key.thumbprint == call.account.thumbprint:
        raise malformed("the new key is the present key")


def _in_use(call: AccountCall, account_id: str) -> AcmeRefusal:
    problem = Problem("malformed", "another account has the new key already", 409)
    return AcmeRefusal(problem, headers={"Location": call.endpoint.account_url(account_id)})
