"""/cacerts: the issuer's certificates up to the root (RFC 7030 4.1)."""

from emca_daemon.asn1.cms_signing import bundle
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.replies import CERTS, Part, Reply


def cacerts(call: Call) -> Reply:
    """Nobody need say who they are: this is what a new client begins with."""
    return Reply(parts=(Part(CERTS, bundle(call.endpoint.authority.record.chain)),))
