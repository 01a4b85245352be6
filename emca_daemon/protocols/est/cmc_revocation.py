"""Revocation inside of a full CMC request (RFC 5272 6.11)."""

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.cmc import RevokeRequest
from emca_daemon.ca.records import RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import SerialNumber
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client


def revoke(call: Call, client: Client, request: RevokeRequest) -> None:
    """Revoke one of ours, for its holder or for an agent (id-kp-cmcRA) whose certificate signed the message.

    Raises Refused: UNKNOWN_CERTIFICATE, NOT_PERMITTED, MALFORMED, ALREADY_REVOKED.
    """
    endpoint, trusted = call.endpoint, client.trusted
    try:
        reason = RevocationReason(request.reason)
    except ValueError:
        raise Refused(Reason.MALFORMED, "there is no such reason to revoke") from None
    for authority in endpoint.authorities.known():
        if authority.certificate.subject.public_bytes() == request.issuer:
            break
    else:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "no issuer here is called so")
    serial = SerialNumber(request.serial)
    with endpoint.store.reading() as tx:
        record = tx.certificates.find(authority.name, serial)
    if record is None or record.der is None:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no such certificate")
    holds = trusted is not None and trusted.certificate.public_bytes(Encoding.DER) == record.der
    if trusted is None or not (holds or trusted.agent):
        raise Refused(Reason.NOT_PERMITTED, "a certificate is revoked by its holder or by an agent")
    try:
        endpoint.revoking.revoke(authority.name, serial, reason, call.requester, key_proved=True)
    except Refused:
        call.noted = True
        raise
