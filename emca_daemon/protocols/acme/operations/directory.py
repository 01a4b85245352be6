"""The directory (RFC 8555 7.1.1)."""

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply


def directory(endpoint: Endpoint) -> Reply:
    """Where the resources are, and what the endpoint tells of itself."""
    settings = endpoint.settings
    meta: dict[str, object] = {"externalAccountRequired": False}
    if settings.terms_of_service is not None:
        meta["termsOfService"] = settings.terms_of_service
    if settings.website is not None:
        meta["website"] = settings.website
    if settings.caa_identities:
        meta["caaIdentities"] = list(settings.caa_identities)
    return Reply(
        document={
            "newNonce": endpoint.url("/new-nonce"),
            "newAccount": endpoint.url("/new-account"),
            "newOrder": endpoint.url("/new-order"),
            "revokeCert": endpoint.url("/revoke-cert"),
            "keyChange": endpoint.url("/key-change"),
            "meta": meta,
        }
    )


def read_directory(call: AccountCall, _tx: Writing) -> Reply:
    """The same as a POST-as-GET (RFC 8555 6.3)."""
    call.require_read()
    return directory(call.endpoint)
