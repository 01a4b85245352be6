"""Applying for a certificate (RFC 8555 7.4)."""

from datetime import datetime, timedelta

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.validity import AskedPeriod, chosen_period
from emca_daemon.protocols.acme.authorizing import Ancestors, fresh_authorization, offered_for, queue_mails, reusable
from emca_daemon.protocols.acme.bindings import EXTERNAL, check_binding, check_names, check_profile, proved_by
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.delegations import check_delegated_names, read_delegation, to_be_proved
from emca_daemon.protocols.acme.documents import order_document
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.identifiers import check_identifiers, read_ancestors, read_identifiers, rejected
from emca_daemon.protocols.acme.limits import check_failures, take_order
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Authorization, Binding, Delegation, Order, OrderAuthorization
from emca_daemon.protocols.acme.replacing import read_replaced
from emca_daemon.protocols.acme.replies import Reply, refusal
from emca_daemon.protocols.acme.standing import check_terms
from emca_daemon.protocols.acme.star import StarTerms, read_terms
from emca_daemon.protocols.acme.states import OrderStage
from emca_daemon.protocols.acme.times import read_validity


def new_order(call: AccountCall, tx: Writing) -> Reply:
    """Make an order and the authorizations that it still needs; valid ones of the account are used again."""
    payload, endpoint = call.payload(), call.endpoint
    check_terms(call, tx)
    names = read_identifiers(payload.get("identifiers"), endpoint.settings.max_identifiers)
    ancestors: Ancestors = {}
    if endpoint.settings.subdomain_authorization:
        ancestors = read_ancestors(payload.get("identifiers"), names)
    asked, profile = _profile(call, payload)
    not_before, not_after = _validity(call, payload, profile)
    delegation = read_delegation(call, tx, payload)
    star = _star(call, payload, profile, chosen=bool(not_before or not_after))
    replaced = read_replaced(call, tx, payload.get("replaces"), names)
    try:
        binding = _admitted(call, tx, names, asked, profile, delegation)
        _check_ancestors(call, ancestors)
    except Refused as refused:
        tx.audit.append(call.refused_event("order.create", " ".join(map(str, names)), refused))
        return refusal(refused)
    check_failures(call, tx, names)
    if replaced is None:
        take_order(call, tx, names, binding)
    expires = call.now + endpoint.settings.order_lifetime
    unproved = to_be_proved(delegation, names)
    chosen, fresh = _authorizations(call, tx, unproved, ancestors, expires, binding)
    order = Order(
        id=endpoint.new_id(),
        endpoint=endpoint.name,
        account_id=call.account.id,
        stage=OrderStage.OPEN,
        names=names,
        authorizations=tuple(dict.fromkeys(_summary(chosen[name]) for name in unproved)),
        expires=expires if star is None else max(expires, star.end),
        created=call.now,
        not_before=not_before,
        not_after=not_after,
        profile=asked,
        replaces=replaced,
        auto_renewal=None if star is None else star.text(),
        delegation=None if delegation is None else delegation.id,
        open_to_all=star is None and _open_to_all(call, payload),
    )
    tx.acme.add_order(order, fresh)
    queue_mails(call, tx, fresh)
    if replaced is not None:
        tx.acme.replace_certificate(replaced, order.id)
    location = {"Location": endpoint.order_url(order.id)}
    return Reply(201, order_document(endpoint, order, call.now), headers=location)


def _profile(call: AccountCall, payload: dict[str, object]) -> tuple[str | None, Profile]:
    """The ACME profile asked for, None where the client leaves it to us, and ours behind it."""
    asked = payload.get("profile")
    if asked is not None and not isinstance(asked, str):
        raise malformed("the member `profile` is not a text")
    return asked, call.endpoint.enrollment.profile(call.endpoint.profile_name(asked))


def _validity(
    call: AccountCall, payload: dict[str, object], profile: Profile
) -> tuple[datetime | None, datetime | None]:
    """From when until when, where the client chooses; raises malformed unless the profile lets it."""
    not_before, not_after = read_validity(payload, call.now)
    if not_before is None and not_after is None:
        return None, None
    if profile.validity.requested != "allow":
        raise malformed("notBefore and notAfter cannot be chosen here")
    _, faults = chosen_period(profile.validity, AskedPeriod(not_before, not_after), None, call.now)
    if faults:
        raise malformed("; ".join(f"{one.field}: {one.detail}" for one in faults))
    return not_before, not_after


def _open_to_all(call: AccountCall, payload: dict[str, object]) -> bool:
    """Whether everybody may download the certificate, where that is offered and asked for (RFC 9115 2.3.5)."""
    asked = payload.get("allow-certificate-get", False)
    if not isinstance(asked, bool):
        raise malformed("the member `allow-certificate-get` is not a boolean")
    return asked and call.endpoint.settings.allow_certificate_get


def _star(call: AccountCall, payload: dict[str, object], profile: Profile, *, chosen: bool) -> StarTerms | None:
    """The terms of automatic renewal, where that is offered and asked for; raises malformed (RFC 8739 3.1.1)."""
    settings = call.endpoint.settings.star
    if not settings.offered or "auto-renewal" not in payload:
        return None
    if chosen:
        raise malformed("notBefore and notAfter do not go with automatic renewal")
    terms = read_terms(payload["auto-renewal"], settings, call.now)
    if profile.validity.requested != "allow" or profile.approval != "automatic":
        raise malformed("certificates of this profile are not renewed automatically")
    if timedelta(seconds=terms.lifetime) + terms.padding > profile.validity.longest:
        raise malformed(f"certificates of this profile are valid for at most {profile.validity.longest}")
    return terms


def _admitted(
    call: AccountCall,
    tx: Writing,
    names: tuple[AlternativeName, ...],
    asked: str | None,
    profile: Profile,
    delegation: Delegation | None,
) -> Binding | None:
    """Ask policy, the delegation, and the external account, if there are such; raises every refusal there is."""
    binding = check_binding(call, tx)
    vouched = {*names} - {*to_be_proved(delegation, names)} | {*proved_by(binding, names)}
    check_identifiers(names, profile, call.requester(), call.endpoint.settings.challenges, vouched)
    if delegation is not None:
        check_delegated_names(delegation, names)
    if binding is not None:
        check_names(binding, names)
        problem = Problem("invalidProfile", "the external account has no certificates of this profile")
        check_profile(binding, asked, AcmeRefusal(problem, reason=Reason.PROFILE_REFUSED))
    return binding


def _check_ancestors(call: AccountCall, ancestors: Ancestors) -> None:
    """Raises rejectedIdentifier for names above that nothing can prove."""
    faults = {
        ancestor: "can be proved by no challenge on offer"
        for ancestor in ancestors.values()
        if not offered_for(call, ancestor, subdomains=True)
    }
    if faults:
        raise rejected(faults)


def _authorizations(
    call: AccountCall,
    tx: Writing,
    names: tuple[AlternativeName, ...],
    ancestors: Ancestors,
    expires: datetime,
    binding: Binding | None,
) -> tuple[dict[AlternativeName, Authorization], list[Authorization]]:
    """An authorization for each name, and those among them that are new; names share that of their ancestor."""
    chosen = reusable(call, tx, names, expires)
    fresh: dict[AlternativeName, Authorization] = {}
    for name in names:
        if name in chosen:
            continue
        above = ancestors.get(name)
        if above is None:
            chosen[name] = fresh[name] = fresh_authorization(call, name, expires, binding)
        else:
            if above not in fresh:
                fresh[above] = fresh_authorization(call, above, expires, binding, subdomains=True)
            chosen[name] = fresh[above]
    return chosen, list(fresh.values())


def _summary(authorization: Authorization) -> OrderAuthorization:
    return OrderAuthorization(
        authorization.id,
        authorization.status,
        authorization.expires,
        proved=authorization.proved,
        asks_caa=authorization.subdomains or authorization.method == EXTERNAL,
        attested_key=authorization.attested_key,
    )
