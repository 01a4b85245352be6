"""Applying for a certificate (RFC 8555 7.4)."""

from datetime import datetime

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.challenges import offered
from emca_daemon.protocols.acme.documents import order_document
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.identifiers import base_of, check_identifiers, is_wildcard, read_identifiers
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Authorization, Challenge, Order, OrderAuthorization
from emca_daemon.protocols.acme.replies import Reply, refusal
from emca_daemon.protocols.acme.standing import check_terms
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus, OrderStage
from emca_daemon.protocols.acme.times import read_validity


def new_order(call: AccountCall, tx: Writing) -> Reply:
    """Make an order and the authorizations that it still needs; valid ones of the account are used again."""
    payload, endpoint = call.payload(), call.endpoint
    check_terms(call, tx)
    names = read_identifiers(payload.get("identifiers"), endpoint.settings.max_identifiers)
    if "profile" in payload:
        problem = Problem("invalidProfile", "this server advertises no profiles")
        raise AcmeRefusal(problem, reason=Reason.PROFILE_REFUSED)
    profile = endpoint.enrollment.profile(endpoint.settings.profile)
    not_before, not_after = read_validity(payload, call.now)
    if (not_before or not_after) and profile.validity.requested != "allow":
        raise malformed("notBefore and notAfter cannot be chosen here")
    try:
        check_identifiers(names, profile, call.requester(), endpoint.settings.challenges)
    except Refused as refused:
        tx.audit.append(call.refused_event("order.create", " ".join(map(str, names)), refused))
        return refusal(refused)
    expires = call.now + endpoint.settings.order_lifetime
    reusable = _reusable(call, tx, names, expires)
    fresh = [_authorization(call, name, expires) for name in names if name not in reusable]
    chosen = {**reusable, **{one.name: one for one in fresh}}
    order = Order(
        id=endpoint.new_id(),
        endpoint=endpoint.name,
        account_id=call.account.id,
        stage=OrderStage.OPEN,
        names=names,
        authorizations=tuple(_summary(chosen[name]) for name in names),
        expires=expires,
        created=call.now,
        not_before=not_before,
        not_after=not_after,
    )
    tx.acme.add_order(order, fresh)
    location = {"Location": endpoint.order_url(order.id)}
    return Reply(201, order_document(endpoint, order, call.now), headers=location)


def _reusable(
    call: AccountCall, tx: Writing, names: tuple[AlternativeName, ...], until: datetime
) -> dict[AlternativeName, Authorization]:
    """The account's valid authorizations for exactly these names that outlive the order; never failed or pending ones.

    A name and its wildcard have authorizations of their own: what proved the one need not be enough for the other.
    """
    found = tx.acme.valid_authorizations(call.account.id, [base_of(name) for name in names], until)
    return {one.name: one for one in reversed(found) if one.name in names}


def _authorization(call: AccountCall, name: AlternativeName, expires: datetime) -> Authorization:
    endpoint, authorization_id = call.endpoint, call.endpoint.new_id()
    wildcard = is_wildcard(name)
    token = endpoint.new_id() + endpoint.new_id()
    return Authorization(
        id=authorization_id,
        endpoint=endpoint.name,
        account_id=call.account.id,
        identifier=base_of(name),
        wildcard=wildcard,
        status=AuthorizationStatus.PENDING,
        expires=expires,
        created=call.now,
        challenges=tuple(
            Challenge(endpoint.new_id(), authorization_id, kind, token, ChallengeStatus.PENDING)
            for kind in offered(endpoint.settings.challenges, name.type, wildcard=wildcard)
        ),
    )


def _summary(authorization: Authorization) -> OrderAuthorization:
    return OrderAuthorization(authorization.id, authorization.status, authorization.expires)
