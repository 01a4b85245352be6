"""/serverkeygen: a certificate for a key that is made here (RFC 7030 4.4)."""

from typing import Final

from emca_daemon.asn1.cms_signing import bundle
from emca_daemon.ca.client_keys import generate, private_bytes
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.protocols.est.binding import check_binding
from emca_daemon.protocols.est.calls import PKCS10, Call
from emca_daemon.protocols.est.errors import EstRefusal
from emca_daemon.protocols.est.generated_keys import choose
from emca_daemon.protocols.est.issuance import certify
from emca_daemon.protocols.est.key_delivery import cipher_of, deliver, recipient_of, wants_encryption
from emca_daemon.protocols.est.operations.simpleenroll import check_own_names
from emca_daemon.protocols.est.replies import CERTS_ONLY, Part, Reply

PLAIN: Final = "application/pkcs8"
ENCRYPTED: Final = "application/pkcs7-mime; smime-type=server-generated-key"


def serverkeygen(call: Call) -> Reply:
    """Key and certificate in one multipart answer; the key is kept nowhere.

    Whom the key is encrypted for is found out before there is a certificate: a key that cannot be named as asked is
    refused, never sent in plain.
    """
    settings = call.endpoint.settings
    if not settings.serverkeygen.algorithms:
        raise EstRefusal(404, "no keys are made here", reason=Reason.NOT_FOUND)
    client = call.authenticated()
    if call.endpoint.enrollment.profile(settings.profile).approval == "manual":
        raise Refused(Reason.NOT_PERMITTED, "a key is not kept until a person decides: no keys are made here")
    csr = call.body(PKCS10)
    key = generate(choose(settings.serverkeygen.algorithms, csr))
    request = call.request_for(key, csr)
    check_binding(request.challenge, call.request.peer, client, settings.proof_of_possession)
    check_own_names(call, client, request)
    private = private_bytes(key)
    part = Part(PLAIN, private)
    if wants_encryption(request):
        if settings.serverkeygen.encryption == "off":
            raise Refused(Reason.KEY_REFUSED, "keys are not encrypted here")
        recipient = recipient_of(request, client, call.endpoint.recipient_keys)
        cipher, random = cipher_of(request), call.endpoint.random
        part = Part(ENCRYPTED, deliver(private, recipient, cipher, call.endpoint.signer(), random))
    elif settings.serverkeygen.encryption == "required":
        raise Refused(Reason.KEY_REFUSED, "the request must name the key that the new key is encrypted with")
    outcome = certify(call, request.facts)
    if isinstance(outcome, Pending):
        raise Refused(Reason.INTERNAL, "a request that needs no approval was asked to wait")
    return Reply(parts=(part, Part(CERTS_ONLY, bundle(outcome.chain[:1]))))
