"""CertPoll, GetCert and GetCRL (RFC 8894 3.3.3, 3.3.4): questions about what there is already."""

from emca_daemon.asn1 import cms
from emca_daemon.asn1.lax_names import same_name
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import SerialNumber
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.messages import (
    NamedCertificate,
    PkiMessage,
    check_issuer_and_subject,
    read_named_certificate,
)
from emca_daemon.protocols.scep.records import group_name
from emca_daemon.protocols.scep.remembering import standing
from emca_daemon.protocols.scep.replies import Granted, Outcome


def poll(endpoint: Endpoint, message: PkiMessage, data: bytes) -> Outcome:
    """How the newest request stands that has this transactionID and was signed with this key.

    Raises Refused(NOT_FOUND) where there is none.
    """
    check_issuer_and_subject(data)
    now = endpoint.clock()
    with endpoint.store.reading() as tx:
        for transaction in tx.scep.of_group(group_name(endpoint.name, message.transaction_id)):
            if transaction.signer_key == message.key_fingerprint and transaction.expires > now:
                outcome = standing(tx, transaction)
                if outcome is not None:
                    return outcome
    raise Refused(Reason.NOT_FOUND, "there is no request with this transactionID and key")


def get_cert(endpoint: Endpoint, data: bytes) -> Outcome:
    """The certificate with that serial number; raises Refused(UNKNOWN_CERTIFICATE)."""
    named = read_named_certificate(data)
    _check_issuer(endpoint, named)
    record = None
    if 0 < named.serial < 1 << 160:
        with endpoint.store.reading() as tx:
            record = tx.certificates.find(endpoint.issuer, SerialNumber(named.serial))
    if record is None or record.der is None:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no certificate with this serial number")
    return Granted((record.der,))


def get_crl(endpoint: Endpoint, data: bytes) -> Outcome:
    """The issuer's latest full CRL, whatever the serial number says; raises Refused(UNKNOWN_CERTIFICATE)."""
    _check_issuer(endpoint, read_named_certificate(data))
    with endpoint.store.reading() as tx:
        latest = tx.crls.latest(endpoint.issuer)
    if latest is None:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no CRL yet")
    return Granted(crls=(latest.der,))


def _check_issuer(endpoint: Endpoint, named: NamedCertificate) -> None:
    """The CA's name, or the RA's, with which old clients ask; in whatever types of strings they write it."""
    certificates = [endpoint.authority.certificate, *endpoint.registration.certificates()]
    if not any(same_name(named.issuer, cms.subject_of(certificate)) for certificate in certificates):
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "the issuer is not the one of this endpoint")
