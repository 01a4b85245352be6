"""Finalizing an order: the CSR comes in, and as a rule the certificate is there with the answer (RFC 8555 7.4)."""

from dataclasses import replace
from hashlib import sha256

from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.protocols.acme.awaited import method_of
from emca_daemon.protocols.acme.bindings import check_binding
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.csr import bad_csr, request_facts
from emca_daemon.protocols.acme.delegations import check_delegated_csr
from emca_daemon.protocols.acme.documents import order_document
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.freshness import needs_caa
from emca_daemon.protocols.acme.identifiers import is_wildcard
from emca_daemon.protocols.acme.issuance import OrderCompanion
from emca_daemon.protocols.acme.onion import is_onion, service_key
from emca_daemon.protocols.acme.onion_caa import check_onion_caa
from emca_daemon.protocols.acme.records import AwaitedOrder, Order
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.settling import order_headers, own_order
from emca_daemon.protocols.acme.star import begin_of, stored_terms
from emca_daemon.protocols.acme.states import ORDER_MOVES, OrderStage, OrderStatus, move, order_status
from emca_daemon.protocols.json_text import read_base64url

_CSR_FAULTS = frozenset(
    {
        Reason.MALFORMED,
        Reason.BAD_INTEGRITY,
        Reason.BAD_PROOF_OF_POSSESSION,
        Reason.NAME_REFUSED,
        Reason.KEY_REFUSED,
        Reason.ALGORITHM_REFUSED,
        Reason.PROFILE_REFUSED,
    }
)
"""Refusals of the CA that are about what the CSR asks for."""

_ASKING = "3"
"""Seconds until CAA was asked again."""


def finalize(call: AccountCall) -> Reply:
    """Issue the certificate of a ready order.

    The same CSR again, on an order that is on its way or done, is answered with the order: the first answer may have
    been lost.
    """
    (order_id,) = call.parameters
    der = read_base64url(call.payload().get("csr"), "the member `csr`", Reason.BAD_PROOF_OF_POSSESSION)
    csr_hash = sha256(der).digest()
    with call.endpoint.store.reading() as tx:
        order = own_order(call, tx, order_id)
    if order.csr_hash == csr_hash and order.stage in {OrderStage.PROCESSING, OrderStage.VALID}:
        return _repeated(call, order)
    status = order_status(order, call.now)
    if status is not OrderStatus.READY:
        raise Refused(Reason.WRONG_STATE, f"the order is {status.value}, not ready")
    if needs_caa(call.endpoint.settings, order, call.now):
        return _awaiting(call, der, order)
    companion = OrderCompanion(call, order, der)
    _issue(call, der, companion)
    return _answer(call, companion.order)


def _awaiting(call: AccountCall, der: bytes, order: Order) -> Reply:
    """Processing until CAA was asked; the CSR is judged at once."""
    _audited_facts(call, der, order)
    with call.endpoint.store.writing() as tx:
        current = tx.acme.order(order.id)
        if current is None or order_status(current, call.now) is not OrderStatus.READY:
            raise Refused(Reason.WRONG_STATE, "the order is not ready any more")
        call.spend_nonce(tx)
        stage = move(ORDER_MOVES, current.stage, OrderStage.PROCESSING)
        begun = replace(current, stage=stage, csr_hash=sha256(der).digest())
        tx.acme.update_order(current, begun)
        tx.acme.await_order(AwaitedOrder(order.id, der, call.now))
    document = order_document(call.endpoint, begun, call.now)
    return Reply(200, document, headers={**order_headers(call.endpoint, begun), "Retry-After": _ASKING})


def _issue(call: AccountCall, der: bytes, companion: OrderCompanion) -> None:
    order = companion.order
    facts = _audited_facts(call, der, order)
    try:
        outcome = call.endpoint.enrollment.enroll(
            facts,
            call.endpoint.profile_name(order.profile),
            issuer=call.endpoint.settings.issuer,
            reference=order.id,
            companion=companion,
        )
    except Refused as refused:
        raise bad_csr(refused) if refused.reason in _CSR_FAULTS else refused from None
    assert isinstance(outcome, Pending) or outcome.record.intent.serial == companion.order.serial


def _audited_facts(call: AccountCall, der: bytes, order: Order) -> RequestFacts:
    try:
        return _facts(call, der, order)
    except Refused as refused:
        with call.endpoint.store.writing() as tx:
            tx.audit.append(call.refused_event("order.finalize", call.endpoint.order_url(order.id), refused))
        raise


def _facts(call: AccountCall, der: bytes, order: Order) -> RequestFacts:
    with call.endpoint.store.reading() as tx:
        check_binding(call, tx)
        check_delegated_csr(call, tx, order, der)
    facts = request_facts(der, order, call.requester(), call.endpoint.weak_keys)
    with call.endpoint.store.reading() as tx:
        standing = tx.acme.key_standing(facts.key.fingerprint)
    if standing.of_account or standing.blocked:
        why = "was reported as compromised" if standing.blocked else "is that of an account"
        raise AcmeRefusal(Problem("badCSR", f"the key {why}"), reason=Reason.KEY_REFUSED)
    _check_onions(call, order, facts.key.fingerprint)
    if order.auto_renewal is None:
        return facts
    terms = stored_terms(order.auto_renewal)
    not_before, not_after = terms.validity(begin_of(terms, call.now), 0)
    return replace(facts, not_before=not_before, not_after=not_after)


def _check_onions(call: AccountCall, order: Order, fingerprint: bytes) -> None:
    """What names beneath `onion` want: another key than their services', and CAA where it is obeyed (RFC 9799)."""
    onions = [name for name in order.names if is_onion(name)]
    if any(key_fingerprint(service_key(name)) == fingerprint for name in onions):
        raise AcmeRefusal(Problem("badCSR", "the key is that of a hidden service"), reason=Reason.KEY_REFUSED)
    settings = call.endpoint.settings
    if settings.caa == "off" or not onions:
        return
    with call.endpoint.store.reading() as tx:
        found = [one for part in order.authorizations if (one := tx.acme.authorization(part.id)) is not None]
    identities, account_url = settings.caa_identities, call.endpoint.account_url(call.account.id)
    check_onion_caa(
        call.payload().get("onionCAA"),
        onions,
        lambda name: Asking(identities, account_url, method_of(name, found), is_wildcard(name)),
        call.now,
    )


def _repeated(call: AccountCall, order: Order) -> Reply:
    with call.endpoint.store.writing() as tx:
        call.spend_nonce(tx)
    return _answer(call, order)


def _answer(call: AccountCall, order: Order) -> Reply:
    document = order_document(call.endpoint, order, call.now)
    return Reply(200, document, headers=order_headers(call.endpoint, order))
