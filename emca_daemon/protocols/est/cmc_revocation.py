"""Revocation inside of a full CMC request (RFC 5272 6.11)."""

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.cmc import RevokeRequest
from emca_daemon.asn1.encoded_names import read_name
from emca_daemon.ca.records import RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client
from emca_daemon.protocols.est.cmc_retrieval import issued


def revoke(call: Call, client: Client, request: RevokeRequest) -> None:
    """Revoke one of ours, for its holder or for an agent (id-kp-cmcRA) whose certificate signed the message.

    An agent revokes what the label issues, and is one that we made: who may ask for others' certificates by the word
    of a manufacturer takes none away.

    Raises Refused: UNKNOWN_CERTIFICATE, NOT_PERMITTED, MALFORMED, ALREADY_REVOKED.
    """
    endpoint, trusted = call.endpoint, client.trusted
    try:
        reason = RevocationReason(request.reason)
    except ValueError:
        raise Refused(Reason.MALFORMED, "there is no such reason to revoke") from None
    intent, encoded = issued(call, read_name(request.issuer), request.serial)
    holds = trusted is not None and trusted.certificate.public_bytes(Encoding.DER) == encoded
    acts = trusted is not None and trusted.agent and trusted.record is not None and endpoint.trust.concerns(intent)
    if not (holds or acts):
        raise Refused(Reason.NOT_PERMITTED, "a certificate is revoked by its holder or by an agent for its label")
    try:
        endpoint.revoking.revoke(intent.issuer, intent.serial, reason, call.requester, key_proved=True)
    except Refused:
        call.noted = True
        raise
