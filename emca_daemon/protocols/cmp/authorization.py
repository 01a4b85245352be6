"""Who may have which certificate, by the identity that was proved (RFC 9483 5.1.1, 3GPP TS 33.310)."""

from dataclasses import replace

from cryptography import x509

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.asn1.cmp import CERTIFICATE_PROFILE, Body, name_in
from emca_daemon.asn1.cmp_content import texts
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.crmf import CertificateId
from emca_daemon.asn1.distinguished_names import subject_of
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.ca.records import CertificateRecord
from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, ProfileName, Subject
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.credentials import Credential, Kind
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.ports import Registration
from emca_daemon.protocols.cmp.requests import Wanted

_SERIAL_NUMBER = "2.5.4.5"
_VENDOR_BODIES = frozenset({Body.IR, Body.P10CR})


def chosen_profile(call: Call) -> ProfileName:
    """The profile that certProfile or the path names, else the endpoint's, or a certificate's own for its update.

    Raises Failure (of the message) for a profile that is not offered here.
    """
    settings = call.endpoint.settings
    if call.message.type is Body.CCR:
        return _cross_profile(call)
    named = _named_profile(call)
    label = call.origin.label
    if named is not None and label and named != label:
        raise failure(FailInfo.BAD_REQUEST, "certProfile and the path name different profiles")
    if wanted := named or label:
        profile = settings.profile_named(wanted)
        if profile is None:
            raise failure(FailInfo.BAD_REQUEST, f"there is no profile `{wanted[:100]}` here")
        return profile
    record = call.credential.record
    if call.message.type is Body.KUR and record is not None:
        return record.intent.profile
    return settings.profile


def _cross_profile(call: Call) -> ProfileName:
    """The profile of cross-certificates, for authorities where there is one (RFC 9810 5.3.11)."""
    profile = call.endpoint.settings.cross_profile
    if call.credential.kind is not Kind.RA or profile is None:
        raise Failure(FailInfo.NOT_AUTHORIZED, "the sender may not ask for cross-certificates")
    if call.origin.label or call.message.header.information(CERTIFICATE_PROFILE) is not None:
        raise failure(FailInfo.BAD_REQUEST, "cross-certificates have a profile of their own")
    return profile


def _named_profile(call: Call) -> str | None:
    values = [one.value for one in call.message.header.general_info if one.oid == CERTIFICATE_PROFILE]
    if not values:
        return None
    try:
        names = [name for value in values for name in texts(value or b"", "certProfile")]
    except Refused as refusal:
        raise failure(FailInfo.BAD_REQUEST, refusal.detail) from refusal
    if len(names) != 1:
        raise failure(FailInfo.BAD_REQUEST, "certProfile names one profile")
    return names[0]


def check_enrollment(call: Call, wanted: Wanted) -> None:
    """Whether the sender may have a certificate with that subject and those names; raises Failure."""
    credential = call.credential
    match credential.kind:
        case Kind.RA:
            return
        case Kind.SECRET:
            assert credential.secret is not None
            _check_registration(credential.secret.registration, wanted.facts)
        case Kind.VENDOR:
            _check_device(call, wanted)
        case Kind.CERTIFICATE:
            own_record(call)
            subject, names = _named_in(credential)
            if wanted.facts.subject != subject or not set(wanted.facts.names) <= set(names):
                raise _not_allowed()


def own_record(call: Call) -> CertificateRecord:
    """The record of the certificate that signed: it must be this endpoint's issuer's, of one of its profiles."""
    record, settings = call.credential.record, call.endpoint.settings
    if record is None:
        raise Failure(FailInfo.NOT_AUTHORIZED, "this takes a certificate that was issued here")
    if record.intent.issuer != settings.issuer or record.intent.profile not in settings.every_profile:
        raise Failure(FailInfo.NOT_AUTHORIZED, "holders of such certificates ask for nothing here")
    return record


def updated(call: Call, wanted: Wanted) -> Wanted:
    """An update as it is to be issued: subject and names stay as in the certificate that signed (RFC 9483 4.1.3).

    Raises Failure.
    """
    settings = call.endpoint.settings
    if not settings.key_update:
        raise Failure(FailInfo.NOT_AUTHORIZED, "certificates are not updated here")
    if call.credential.kind is not Kind.CERTIFICATE:
        raise Failure(FailInfo.NOT_AUTHORIZED, "a certificate is updated by its own holder")
    record = own_record(call)
    old = wanted.request.old_certificate() if wanted.request is not None else None
    if old is not None and not is_certificate(old, call.credential.certificate):
        raise Failure(FailInfo.BAD_CERT_ID, "the certificate to be updated is the one that signs")
    if not settings.same_key and wanted.facts.key.fingerprint == record.intent.key_fingerprint:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "an update takes a new key here")
    with call.endpoint.store.reading() as tx:
        if call.opened is None and tx.cmp.is_open(call.credential.key, Body.KUR):
            raise Failure(FailInfo.BAD_REQUEST, "an update of this certificate is not confirmed yet")
    subject, names = _named_in(call.credential)
    if (wanted.has_subject and wanted.facts.subject != subject) or (
        wanted.has_names and set(wanted.facts.names) != set(names)
    ):
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "an update changes neither subject nor names")
    return replace(wanted, facts=replace(wanted.facts, subject=subject, names=names))


def is_certificate(identifier: CertificateId, certificate: x509.Certificate | None) -> bool:
    """Whether a CertId names that certificate."""
    name = name_in(identifier.issuer)
    if certificate is None or name is None:
        return False
    return subject_of(name) == name_to_subject(certificate.issuer) and identifier.serial == certificate.serial_number


def _check_device(call: Call, wanted: Wanted) -> None:
    certificate = call.credential.certificate
    assert certificate is not None
    if call.message.type not in _VENDOR_BODIES:
        raise Failure(FailInfo.NOT_AUTHORIZED, "a vendor's certificate is for the first enrollment only")
    own = name_to_subject(certificate.subject)
    identifiers = [certificate.subject.rfc4514_string()]
    identifiers += [one.value for oid in (_SERIAL_NUMBER, COMMON_NAME) for one in own if one.oid == oid]
    registration = call.endpoint.registry.device(identifiers)
    if registration is None:
        raise Failure(FailInfo.NOT_AUTHORIZED, "this device is not registered")
    if registration.subject is None:
        registration = replace(registration, subject=own)
    _check_registration(replace(registration, names=registration.names or frozenset()), wanted.facts)


def _check_registration(registration: Registration, facts: RequestFacts) -> None:
    if registration.subject is not None and facts.subject != registration.subject:
        raise _not_allowed()
    if registration.names is not None and not set(facts.names) <= registration.names:
        raise _not_allowed()


def _named_in(credential: Credential) -> tuple[Subject, tuple[AlternativeName, ...]]:
    """Subject and names of the certificate that signed, which is one of ours."""
    assert credential.certificate is not None
    assert credential.record is not None
    return name_to_subject(credential.certificate.subject), credential.record.intent.names


def _not_allowed() -> Failure:
    return Failure(FailInfo.NOT_AUTHORIZED, "the subject or a name is not the sender's")
