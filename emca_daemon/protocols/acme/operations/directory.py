"""The directory (RFC 8555 7.1.1)."""

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.challenges import ONION_CSR_01
from emca_daemon.protocols.acme.dns_persist import DNS_PERSIST_01, MOST_ISSUERS, hash_prefix
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.settings.acme import AcmeSettings


def directory(endpoint: Endpoint) -> Reply:
    """Where the resources are, and what the endpoint tells of itself."""
    settings = endpoint.settings
    meta: dict[str, object] = {"externalAccountRequired": settings.external_accounts == "required"}
    if settings.terms_of_service is not None:
        meta["termsOfService"] = settings.terms_of_service
    if settings.website is not None:
        meta["website"] = settings.website
    if settings.caa_identities:
        meta["caaIdentities"] = list(settings.caa_identities)
    if DNS_PERSIST_01 in settings.challenges:
        meta["issuerDomainNames"] = list(settings.caa_identities[:MOST_ISSUERS])
        meta["accountHashPrefix"] = hash_prefix(settings.base_url)
    if settings.caa == "on" and ONION_CSR_01 in settings.challenges:
        meta["inBandOnionCAARequired"] = True
    if settings.profiles:
        meta["profiles"] = {name: profile.description for name, profile in settings.profiles.items()}
    if settings.subdomain_authorization:
        meta["subdomainAuthAllowed"] = True
    meta |= _for_others(settings)
    document: dict[str, object] = {
        "newNonce": endpoint.url("/new-nonce"),
        "newAccount": endpoint.url("/new-account"),
        "newOrder": endpoint.url("/new-order"),
        "revokeCert": endpoint.url("/revoke-cert"),
        "keyChange": endpoint.url("/key-change"),
    }
    if settings.pre_authorization:
        document["newAuthz"] = endpoint.url("/new-authz")
    if settings.renewal_info:
        document["renewalInfo"] = endpoint.url("/renewal-info")
    return Reply(document={**document, "meta": meta})


def _for_others(settings: AcmeSettings) -> dict[str, object]:
    """What is on offer where others than the client have the certificate (RFC 8739 3.2, RFC 9115 2.3.4)."""
    meta: dict[str, object] = {}
    if settings.delegation:
        meta["delegation-enabled"] = True
    if settings.allow_certificate_get:
        meta["allow-certificate-get"] = True
    if settings.star.offered:
        meta["auto-renewal"] = {
            "min-lifetime": int(settings.star.min_lifetime.total_seconds()),
            "max-duration": int(settings.star.max_duration.total_seconds()),
            "allow-certificate-get": settings.star.allow_certificate_get,
        }
    return meta


def read_directory(call: AccountCall, _tx: Writing) -> Reply:
    """The same as a POST-as-GET (RFC 8555 6.3)."""
    call.require_read()
    return directory(call.endpoint)
