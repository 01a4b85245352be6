"""Proving a name before there is an order (RFC 8555 7.4.1)."""

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.authorizing import fresh_authorization, offered_for, queue_mails
from emca_daemon.protocols.acme.bindings import check_binding, check_names, proved_by
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.documents import authorization_document
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.identifiers import check_identifiers, is_wildcard, read_identifier, rejected
from emca_daemon.protocols.acme.limits import check_failures, take_order
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply, refusal
from emca_daemon.protocols.acme.standing import check_terms


def new_authorization(call: AccountCall, tx: Writing) -> Reply:
    """Make an authorization for one name, with `subdomainAuthAllowed` for all beneath it, too (RFC 9444 4.1)."""
    payload, endpoint = call.payload(), call.endpoint
    if not endpoint.settings.pre_authorization:
        raise malformed("names are proved for orders only here", 404)
    check_terms(call, tx)
    given = payload.get("identifier")
    name = read_identifier(given)
    if is_wildcard(name):
        raise malformed("wildcards cannot be authorized ahead of an order")
    subdomains = isinstance(given, dict) and given.get("subdomainAuthAllowed", False)
    if not isinstance(subdomains, bool):
        raise malformed("the member `subdomainAuthAllowed` is not a boolean")
    subdomains = subdomains and endpoint.settings.subdomain_authorization
    profile = endpoint.enrollment.profile(endpoint.settings.profile)
    try:
        binding = check_binding(call, tx)
        check_identifiers((name,), profile, call.requester(), endpoint.settings.challenges, proved_by(binding, (name,)))
        if binding is not None:
            check_names(binding, (name,))
        if subdomains and not offered_for(call, name, subdomains=True):
            raise rejected({name: "can be proved with all names beneath by no challenge on offer"})
    except Refused as refused:
        tx.audit.append(call.refused_event("authorization.create", str(name), refused))
        return refusal(refused)
    check_failures(call, tx, (name,))
    take_order(call, tx, (name,), binding)
    expires = call.now + endpoint.settings.order_lifetime
    authorization = fresh_authorization(call, name, expires, binding, subdomains=subdomains)
    tx.acme.add_authorizations([authorization])
    queue_mails(call, tx, [authorization])
    location = {"Location": endpoint.authorization_url(authorization.id)}
    return Reply(201, authorization_document(endpoint, authorization, call.now), headers=location)
