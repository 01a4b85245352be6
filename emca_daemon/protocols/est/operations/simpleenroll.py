"""/simpleenroll: a certificate for a new client (RFC 7030 4.2.1)."""

from emca_daemon.asn1.cms_signing import bundle
from emca_daemon.errors import Pending
from emca_daemon.protocols.est.binding import check_binding
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client
from emca_daemon.protocols.est.issuance import Certified, certify
from emca_daemon.protocols.est.renewals import check_names
from emca_daemon.protocols.est.replies import CERTS_ONLY, Part, Reply
from emca_daemon.protocols.est.requests import EnrollmentRequest


def simpleenroll(call: Call) -> Reply:
    """The certificate and nothing else (4.2.3), or 202 while a person decides."""
    client = call.authenticated()
    request = call.enrollment_request()
    check_binding(request.challenge, call.request.peer, client, call.endpoint.settings.proof_of_possession)
    check_own_names(call, client, request)
    return enrolled(call, certify(call, request.facts))


def check_own_names(call: Call, client: Client, request: EnrollmentRequest) -> None:
    """With nothing but a certificate of ours one gets the same names again, unless the settings say otherwise.

    An agent asks for others. Raises a refusal with 403.
    """
    if client.agent:
        return
    ours = client.trusted if client.trusted is not None and client.trusted.record is not None else None
    if client.user is None and ours is not None and call.endpoint.settings.certificates.own != "enroll":
        check_names(request.facts, ours.certificate)


def enrolled(call: Call, outcome: Certified | Pending) -> Reply:
    """The answer to an enrollment; Retry-After in seconds, since clients do not read dates."""
    if isinstance(outcome, Pending):
        seconds = int(call.endpoint.settings.retry_after.total_seconds())
        return Reply(202, headers=(("Retry-After", str(seconds)),))
    return Reply(parts=(Part(CERTS_ONLY, bundle(outcome.chain[:1])),))
