"""CertPoll, GetCert and GetCRL (RFC 8894 3.3.3, 3.3.4): questions about what there is already."""

from collections.abc import Sequence

from emca_daemon.asn1 import cms
from emca_daemon.asn1.lax_names import same_name
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
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
    issuers = _issuers_of(endpoint, named)
    if 0 < named.serial < 1 << 160:
        with endpoint.store.reading() as tx:
            for issuer in issuers:
                record = tx.certificates.find(issuer, SerialNumber(named.serial))
                if record is not None and record.der is not None:
                    return Granted((record.der,))
    raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no certificate with this serial number")


def get_crl(endpoint: Endpoint, data: bytes) -> Outcome:
    """The issuer's latest full CRL, whatever the serial number says; raises Refused(UNKNOWN_CERTIFICATE)."""
    issuers = _issuers_of(endpoint, read_named_certificate(data))
    with endpoint.store.reading() as tx:
        for issuer in issuers:
            latest = tx.crls.latest(issuer)
            if latest is not None:
                return Granted(crls=(latest.der,))
    raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no CRL yet")


def _issuers_of(endpoint: Endpoint, named: NamedCertificate) -> Sequence[IssuerName]:
    """Those of the endpoint with that name, in whatever types of strings it is written.

    The RA's name, with which old clients ask, stands for the endpoint's own issuer.
    """
    subjects = {name: cms.subject_of(endpoint.authorities.get(name).certificate) for name in endpoint.issuers}
    issuers = [name for name, subject in subjects.items() if same_name(named.issuer, subject)]
    if issuers:
        return issuers
    if any(same_name(named.issuer, cms.subject_of(one)) for one in endpoint.registration.certificates()):
        return [endpoint.issuer]
    raise Refused(Reason.UNKNOWN_CERTIFICATE, "the issuer is not the one of this endpoint")
