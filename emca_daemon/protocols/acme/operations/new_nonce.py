"""A fresh nonce (RFC 8555 7.2); the responder puts it into the header, as into that of every answer to a POST."""

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply


def head_nonce(_endpoint: Endpoint) -> Reply:
    """Answer a HEAD request."""
    return Reply(200)


def get_nonce(_endpoint: Endpoint) -> Reply:
    """Answer a GET request: no content."""
    return Reply(204)


def read_nonce(call: AccountCall, _tx: Writing) -> Reply:
    """Answer a POST-as-GET."""
    call.require_read()
    return Reply(204)
