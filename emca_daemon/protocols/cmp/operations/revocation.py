"""rr: revoke, hold, revive (RFC 9483 4.2, 5.3.2; RFC 9810 5.3.9)."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body
from emca_daemon.asn1.cmp_content import RevocationDetails, revocation_requests
from emca_daemon.asn1.cmp_status import FailInfo, Status, StatusInfo, revocation_reply
from emca_daemon.asn1.crmf import CertificateTemplate, TemplateExtension
from emca_daemon.asn1.distinguished_names import subject_of
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.asn1.values import decoded
from emca_daemon.ca.ports import CertificatesReader
from emca_daemon.ca.records import CertificateRecord, CertificateState, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.credentials import Kind
from emca_daemon.protocols.cmp.errors import Failure, rejection
from emca_daemon.protocols.cmp.issuance import claim, new_transaction
from emca_daemon.protocols.cmp.records import Stage

_REASON = "2.5.29.21"
_INVALIDITY_DATE = "2.5.29.24"
_CERTIFICATE_VERSION_3 = 2
_DONE = {
    RevocationReason.REMOVE_FROM_CRL: "the certificate is revived: it is revoked no more",
    RevocationReason.CERTIFICATE_HOLD: "the certificate is revoked until it is revived",
}


@asn1.sequence
class _Moment:
    moment: asn1.GeneralizedTime


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done with a certificate."""

    reason: RevocationReason
    invalidity_date: datetime | None


def revoke(call: Call) -> Answer:
    """Rp accepted; raises Failure or Refused."""
    requests = revocation_requests(call.message.body)
    if len(requests) != 1:
        raise Failure(FailInfo.BAD_REQUEST, "one certificate is revoked in a message")
    (details,) = requests
    order = _order(details.entry_extensions)
    record = _target(call, details)
    _check_allowed(call, record, order)
    with call.endpoint.store.writing() as tx:
        claim(tx, new_transaction(call, Stage.FINISHED, call.endpoint.settings.replay_window))
    _carry_out(call, record, order)
    done = _DONE.get(order.reason, "the certificate is revoked")
    return Answer(Body.RP, revocation_reply(StatusInfo(Status.ACCEPTED, done)))


def rejected_answer(refusal: Refused) -> Answer:
    """Rp with a rejection."""
    return Answer(Body.RP, revocation_reply(rejection(refusal)))


def _carry_out(call: Call, record: CertificateRecord, order: _Order) -> None:
    issuer, serial = record.intent.issuer, record.intent.serial
    if order.reason is RevocationReason.REMOVE_FROM_CRL:
        _revive(call, issuer, serial)
        return
    # A passphrase proves who somebody is, not that they have the key
    proved = call.credential.kind is not Kind.PASSPHRASE
    call.endpoint.revoking.revoke(
        issuer, serial, order.reason, call.requester, order.invalidity_date, key_proved=proved
    )


def _revive(call: Call, issuer: IssuerName, serial: SerialNumber) -> None:
    try:
        call.endpoint.revoking.release(issuer, serial, call.requester)
    except Refused as refusal:
        if refusal.reason is not Reason.WRONG_STATE:
            raise
        raise Failure(FailInfo.BAD_CERT_ID, refusal.detail) from refusal


def _order(extensions: tuple[TemplateExtension, ...]) -> _Order:
    reasons = [one for one in extensions if one.oid == _REASON]
    dates = [one for one in extensions if one.oid == _INVALIDITY_DATE]
    if any(one.critical and one not in (*reasons, *dates) for one in extensions):
        raise Failure(FailInfo.UNACCEPTED_EXTENSION, "a critical extension of the entry is not known here")
    if len(reasons) > 1 or len(dates) > 1:
        raise Failure(FailInfo.BAD_REQUEST, "a revocation has one reason and one date")
    reason = _reason(reasons[0].value) if reasons else RevocationReason.UNSPECIFIED
    return _Order(reason, _date(dates[0].value) if dates else None)


def _reason(value: bytes) -> RevocationReason:
    """CRLReason, an ENUMERATED of one octet."""
    if len(value) != 3 or value[:2] != b"\x0a\x01":
        raise Failure(FailInfo.BAD_DATA_FORMAT, "not a CRLReason in DER")
    try:
        return RevocationReason(value[2])
    except ValueError:
        raise Failure(FailInfo.BAD_DATA_FORMAT, "there is no such reason to revoke") from None


def _date(value: bytes) -> datetime:
    return decoded(_Moment, der.sequence(value), "InvalidityDate").moment.as_datetime()


def _target(call: Call, details: RevocationDetails) -> CertificateRecord:
    """The certificate that is meant, whole and as it is said to be; raises Failure."""
    template = details.template
    if template.version not in (None, _CERTIFICATE_VERSION_3):
        raise Failure(FailInfo.BAD_REQUEST, "certificates have version 3")
    incomplete = template.issuer is None or template.serial is None
    if incomplete and (call.endpoint.settings.strict or (template.serial is None and template.public_key is None)):
        raise Failure(FailInfo.ADD_INFO_NOT_AVAILABLE, "issuer and serial number name a certificate")
    issuers = _issuers(call, template)
    with call.endpoint.store.reading() as tx:
        record = _found(tx.certificates, issuers, template)
    if record is None or record.state is not CertificateState.ISSUED or record.der is None:
        raise Failure(FailInfo.BAD_CERT_ID, "there is no such certificate")
    _check_described(template, x509.load_der_x509_certificate(record.der))
    if record.intent.not_after < call.now:
        raise Failure(FailInfo.CERT_REVOKED, "the certificate has expired, which ends it as well")
    return record


def _issuers(call: Call, template: CertificateTemplate) -> list[IssuerName]:
    """The endpoint's own issuer, if it is the one that is named."""
    authority = call.endpoint.authorities.get(call.endpoint.settings.issuer)
    if template.issuer is not None and subject_of(template.issuer) != name_to_subject(authority.certificate.subject):
        return []
    return [authority.name]


def _found(
    certificates: CertificatesReader, issuers: list[IssuerName], template: CertificateTemplate
) -> CertificateRecord | None:
    if template.serial is not None:
        found = (certificates.find(issuer, SerialNumber(template.serial)) for issuer in issuers)
        return next((record for record in found if record is not None), None)
    key = sha256(template.public_key or b"").digest()
    records = [record for record in certificates.find_by_key(key) if record.intent.issuer in issuers]
    return next((record for record in records if record.revocation is None), records[0] if records else None)


def _check_described(template: CertificateTemplate, certificate: x509.Certificate) -> None:
    """What the template says beside issuer and serial number must be so."""
    if template.subject is not None and subject_of(template.subject) != name_to_subject(certificate.subject):
        raise Failure(FailInfo.BAD_CERT_ID, "the subject is not that of the certificate")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if template.public_key is not None and template.public_key != key:
        raise Failure(FailInfo.BAD_CERT_ID, "the public key is not that of the certificate")
    given = {one.oid.dotted_string: one.value.public_bytes() for one in certificate.extensions}
    if any(given.get(one.oid) != one.value for one in template.extensions):
        raise Failure(FailInfo.BAD_CERT_ID, "an extension is not that of the certificate")


def _check_allowed(call: Call, record: CertificateRecord, order: _Order) -> None:
    credential = call.credential
    if credential.kind is Kind.RA:
        return
    if credential.kind is Kind.PASSPHRASE:
        revived = order.reason is RevocationReason.REMOVE_FROM_CRL
        if record.intent.requester != credential.identity or revived:
            raise Failure(FailInfo.NOT_AUTHORIZED, "a passphrase revokes what was issued to its holder, no more")
        return
    own = credential.record
    if own is None or (own.intent.issuer, own.intent.serial) != (record.intent.issuer, record.intent.serial):
        raise Failure(FailInfo.NOT_AUTHORIZED, "a certificate is revoked by its holder or a registration authority")
    with call.endpoint.store.reading() as tx:
        if tx.cmp.is_open(credential.key, Body.KUR):
            raise Failure(FailInfo.BAD_REQUEST, "an update of this certificate is not confirmed yet")
