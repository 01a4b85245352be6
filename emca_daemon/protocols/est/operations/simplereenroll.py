"""/simplereenroll: a client renews its certificate, or gets one for a new key (RFC 7030 4.2.2)."""

from emca_daemon.protocols.est.binding import check_binding
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.issuance import certify
from emca_daemon.protocols.est.operations.simpleenroll import enrolled
from emca_daemon.protocols.est.renewals import renewed_facts
from emca_daemon.protocols.est.replies import Reply


def simplereenroll(call: Call) -> Reply:
    """The TLS client certificate is the one that is renewed."""
    client = call.authenticated(renewing=True)
    assert client.trusted is not None
    request = call.enrollment_request()
    check_binding(request.challenge, call.request.peer, client, call.endpoint.settings.proof_of_possession)
    facts = renewed_facts(request, client.trusted.certificate, call.endpoint.settings)
    return enrolled(call, certify(call, facts))
