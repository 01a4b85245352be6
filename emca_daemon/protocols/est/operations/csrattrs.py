"""/csrattrs: what a request should hold (RFC 7030 4.5, RFC 9908)."""

from typing import Final

from emca_daemon.protocols.est.attributes import csr_attributes
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.replies import Part, Reply

CSR_ATTRIBUTES: Final = "application/csrattrs"


def csrattrs(call: Call) -> Reply:
    """To anybody; 204 where there is nothing to say (4.5.2)."""
    settings = call.endpoint.settings
    encoded = csr_attributes(settings, call.endpoint.enrollment.profile(settings.profile))
    return Reply(204) if encoded is None else Reply(parts=(Part(CSR_ATTRIBUTES, encoded),))
