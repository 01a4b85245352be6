"""Certificates that end with the transaction they came from: not confirmed, rejected, or replaced by an update."""

from collections.abc import Callable

from emca_daemon.asn1.cmp import Body
from emca_daemon.ca import ports as ca
from emca_daemon.ca.records import RevocationReason
from emca_daemon.ca.revocation import Revoking
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.credentials import Kind
from emca_daemon.protocols.cmp.records import Transaction


def withdraw(
    revoking: Revoking, transaction: Transaction, requester: Requester, also: Callable[[ca.Writing], None]
) -> None:
    """Revoke a certificate that its client does not want; `also` writes in the same transaction.

    One that is revoked already is left as it is, but `also` is then for the caller to do: Refused(ALREADY_REVOKED).
    """
    assert transaction.issuer is not None
    assert transaction.serial is not None
    reason = RevocationReason.CESSATION_OF_OPERATION
    revoking.revoke(transaction.issuer, transaction.serial, reason, requester, also=also)


def revoke_updated(call: Call, transaction: Transaction) -> None:
    """Revoke the certificate that an update has replaced, where the endpoint is set so."""
    record = call.credential.record
    if transaction.request is not Body.KUR or not call.endpoint.settings.revoke_updated or record is None:
        return
    assert call.credential.kind is Kind.CERTIFICATE
    try:
        call.endpoint.revoking.revoke(
            record.intent.issuer, record.intent.serial, RevocationReason.SUPERSEDED, call.requester
        )
    except Refused as refusal:
        if refusal.reason is not Reason.ALREADY_REVOKED:
            raise
