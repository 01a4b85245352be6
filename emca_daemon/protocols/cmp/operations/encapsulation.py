"""genm for a KEM ciphertext (RFC 9810 5.1.3.4, 5.3.19.18): the one question that comes without protection."""

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.cmp import Body, InformationValue, Message
from emca_daemon.asn1.cmp_content import general_reply
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Answer, Endpoint
from emca_daemon.protocols.cmp.kem import KEM_CIPHERTEXT_INFO, encapsulated
from emca_daemon.protocols.cmp.records import KemSecret


def encapsulate(endpoint: Endpoint, message: Message) -> Answer:
    """A genp with a secret for the holder of the certificate that is shown, and for this transaction alone.

    Whoever shows a certificate proves nothing yet; what is answered is of use to its holder only. Raises Refused.
    """
    holder = endpoint.authentication.kem_holder(message)
    assert holder.certificate is not None
    secret, information = encapsulated(holder.certificate)
    kept = KemSecret(
        endpoint=endpoint.name,
        id=message.header.transaction_id or b"",
        credential=holder.key,
        secret=secret,
        certificate=holder.certificate.public_bytes(Encoding.DER),
        expires=endpoint.clock() + endpoint.settings.confirm_within,
    )
    with endpoint.store.writing() as tx:
        if tx.cmp_kem_secrets.count(kept.endpoint, kept.credential) >= endpoint.settings.open_transactions:
            raise Refused(Reason.RATE_LIMITED, "too many transactions of this client are under way")
        if not tx.cmp_kem_secrets.add(kept):
            raise failure(FailInfo.TRANSACTION_ID_IN_USE, "the transactionID is in use")
    return Answer(Body.GENP, general_reply([InformationValue(KEM_CIPHERTEXT_INFO, information)]))
