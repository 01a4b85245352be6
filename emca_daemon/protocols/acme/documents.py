"""The JSON objects of RFC 8555 7.1: what clients see of accounts, orders, authorizations and challenges."""

import json
from collections.abc import Iterator
from datetime import datetime

from emca_daemon.names import NameType
from emca_daemon.protocols.acme import tkauth
from emca_daemon.protocols.acme.challenges import ONION_CSR_01, TKAUTH_01
from emca_daemon.protocols.acme.dns_persist import DNS_PERSIST_01, MOST_ISSUERS
from emca_daemon.protocols.acme.email_reply import EMAIL_REPLY_00
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.identifiers import identifier_document
from emca_daemon.protocols.acme.onion_csr import nonce_text
from emca_daemon.protocols.acme.records import Account, Authorization, Challenge, Order
from emca_daemon.protocols.acme.states import (
    AuthorizationStatus,
    ChallengeStatus,
    OrderStage,
    OrderStatus,
    authorization_status,
    order_status,
)
from emca_daemon.protocols.acme.times import time_text

Document = dict[str, object]


def account_document(endpoint: Endpoint, account: Account) -> Document:
    """An account object (7.1.2)."""
    document: Document = {
        "status": account.status.value,
        "contact": list(account.contacts),
        "termsOfServiceAgreed": account.terms_agreed,
        "orders": endpoint.account_url(account.id) + "/orders",
    }
    if endpoint.settings.delegation:
        document["delegations"] = endpoint.account_url(account.id) + "/delegations"
    if account.binding_request is not None:
        document["externalAccountBinding"] = json.loads(account.binding_request)
    return document


def order_document(endpoint: Endpoint, order: Order, now: datetime) -> Document:
    """An order object (7.1.3)."""
    url = endpoint.order_url(order.id)
    status = order_status(order, now)
    document: Document = {
        "status": status.value,
        "expires": time_text(order.expires),
        "identifiers": [identifier_document(name) for name in order.names],
        "authorizations": [endpoint.authorization_url(one.id) for one in order.authorizations],
        "finalize": url + "/finalize",
    }
    document |= _asked_for(endpoint, order)
    if status is OrderStatus.VALID and order.auto_renewal is not None:
        document["star-certificate"] = endpoint.star_certificate_url(order.id)
    elif status is OrderStatus.VALID:
        document["certificate"] = endpoint.certificate_url(order.id)
        if order.open_to_all and any(name.type is NameType.TN_AUTH_LIST for name in order.names):
            document["x5u"] = document["certificate"]  # for PASSporTs (RFC 9448 7)
    if status is OrderStatus.INVALID:
        document["error"] = json.loads(order.error) if order.error else _derived_error(endpoint, order, now).document()
    return document


def _asked_for(endpoint: Endpoint, order: Order) -> Document:
    """The members that the client chose."""
    members = {
        "notBefore": None if order.not_before is None else time_text(order.not_before),
        "notAfter": None if order.not_after is None else time_text(order.not_after),
        "profile": order.profile,
        "replaces": order.replaces,
        "auto-renewal": None if order.auto_renewal is None else json.loads(order.auto_renewal),
        "delegation": None if order.delegation is None else endpoint.delegation_url(order.delegation),
        "allow-certificate-get": order.open_to_all or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _derived_error(endpoint: Endpoint, order: Order, now: datetime) -> Problem:
    failed = [] if order.stage is not OrderStage.OPEN else list(_failed_authorizations(endpoint, order, now))
    if len(failed) == 1:
        return failed[0]
    if failed:
        detail = f"{len(failed)} authorizations are not valid; the first: {failed[0].detail}"
        return Problem("unauthorized", detail, 403, subproblems=tuple(failed))
    return Problem("unauthorized", "the order has expired", 403)


def _failed_authorizations(endpoint: Endpoint, order: Order, now: datetime) -> Iterator[Problem]:
    """A problem with its identifier for each authorization that is neither valid nor pending."""
    known = len(order.names) == len(order.authorizations)  # names beneath one ancestor share its authorization
    for position, one in enumerate(order.authorizations):
        status = authorization_status(one, now)
        if status not in {AuthorizationStatus.PENDING, AuthorizationStatus.VALID}:
            detail = f"the authorization {endpoint.authorization_url(one.id)} is {status.value}"
            identifier = identifier_document(order.names[position]) if known else None
            yield Problem("unauthorized", detail, 403, identifier=identifier)


def authorization_document(endpoint: Endpoint, authorization: Authorization, now: datetime) -> Document:
    """An authorization object (7.1.4)."""
    document: Document = {
        "identifier": identifier_document(authorization.identifier),
        "status": authorization_status(authorization, now).value,
        "expires": time_text(authorization.expires),
        "challenges": [challenge_document(endpoint, challenge) for challenge in authorization.challenges],
    }
    if authorization.wildcard:
        document["wildcard"] = True
    if authorization.subdomains:
        document["subdomainAuthAllowed"] = True
    return document


def challenge_document(endpoint: Endpoint, challenge: Challenge) -> Document:
    """A challenge object (7.1.5, 8); after several failures the last is told, the earlier ones beneath it."""
    document: Document = {
        "type": challenge.type,
        "url": endpoint.challenge_url(challenge.id),
        "status": challenge.status.value,
        "token": challenge.token,
    }
    if challenge.type == DNS_PERSIST_01:
        issuers = list(endpoint.settings.caa_identities[:MOST_ISSUERS])
        document |= {"issuerDomainNames": issuers, "issuer-domain-names": issuers}  # as of the draft's -02, and before
    if challenge.type == ONION_CSR_01:
        document["nonce"] = nonce_text(challenge.token)
    if challenge.type == EMAIL_REPLY_00:
        document["from"] = endpoint.settings.email.address
    if challenge.type == TKAUTH_01:
        document["tkauth-type"] = tkauth.TYPE
        if endpoint.settings.token_authority is not None:
            document["token-authority"] = endpoint.settings.token_authority
    if challenge.validated is not None:
        document["validated"] = time_text(challenge.validated)
    if challenge.errors and challenge.status is not ChallengeStatus.VALID:
        document["error"] = json.loads(challenge.errors[-1])
    return document


def retry_after(authorization: Authorization, now: datetime) -> dict[str, str]:
    """The Retry-After header of an authorization that is being validated: seconds, never a date."""
    running = [one for one in authorization.challenges if one.status is ChallengeStatus.PROCESSING]
    if authorization.status is not AuthorizationStatus.PENDING or not running:
        return {}
    waits = [(one.next_attempt - now).total_seconds() for one in running if one.next_attempt is not None]
    return {"Retry-After": str(max(1, min(60, int(min(waits, default=1)) + 1)))}
