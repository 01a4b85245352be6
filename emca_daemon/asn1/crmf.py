"""Certificate requests of CRMF (RFC 4211): CertReqMessages and CertTemplate from DER, templates back into DER."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded, object_identifier, sequence_parts
from emca_daemon.errors import Reason, Refused

OLD_CERTIFICATE_ID = "1.3.6.1.5.5.7.5.1.5"
"""The control id-regCtrl-oldCertID (RFC 4211 6.5)."""

_EXTENSION_REQUEST = der.oid("1.2.840.113549.1.9.14")
_NO_SIGNATURE = der.sequence(der.oid("1.3.6.1.5.5.7.6.2"))
"""id-alg-noSignature (RFC 5272 C.1)."""

MAXIMUM_REQUESTS = 100
MAXIMUM_EXTENSIONS = 100


class ProofMethod(Enum):
    """ProofOfPossession, by its tag (RFC 4211 4)."""

    RA_VERIFIED = 0
    SIGNATURE = 1
    KEY_ENCIPHERMENT = 2
    KEY_AGREEMENT = 3


@dataclass(frozen=True, slots=True)
class TemplateExtension:
    """One extension of a template; `value` is the DER inside the OCTET STRING."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class CertificateTemplate:
    """CertTemplate (RFC 4211 5); names and the key as DER, None where they are left out.

    `names_algorithm` says that there is an algorithm of the certificate's signature, `names_unique_ids` that there are
    unique identifiers; with the serial number they are the CA's to choose.
    """

    version: int | None = None
    serial: int | None = None
    issuer: bytes | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    subject: bytes | None = None
    public_key: bytes | None = None
    extensions: tuple[TemplateExtension, ...] = ()
    names_algorithm: bool = False
    names_unique_ids: bool = False


@dataclass(frozen=True, slots=True)
class SigningInput:
    """POPOSigningKeyInput (RFC 4211 4.1): its DER, the sender named in it (None: a MAC), and its key."""

    encoded: bytes
    sender: bytes | None
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """ProofOfPossession; algorithm and signature where the method is SIGNATURE, `content` what another one holds."""

    method: ProofMethod
    algorithm: Algorithm | None = None
    signature: bytes = b""
    signing_input: SigningInput | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class CertificateId:
    """CertId (RFC 4211 6.5): issuer as a GeneralName in DER, and serial number."""

    issuer: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """CertReqMsg: `encoded` is the DER of its CertRequest, which the proof is about; `controls` OID and DER value."""

    id: int
    template: CertificateTemplate
    encoded: bytes
    proof: Proof | None = None
    controls: tuple[tuple[str, bytes], ...] = ()

    def old_certificate(self) -> CertificateId | None:
        """The certificate that is to be updated, if it is named; raises Refused(MALFORMED)."""
        for oid, value in self.controls:
            if oid == OLD_CERTIFICATE_ID:
                return certificate_id(value)
        return None


@asn1.sequence
class _OptionalValidity:
    not_before: Annotated[asn1.UTCTime | asn1.GeneralizedTime | None, asn1.Explicit(0)]
    not_after: Annotated[asn1.UTCTime | asn1.GeneralizedTime | None, asn1.Explicit(1)]


@asn1.sequence
class _Extension:
    extn_id: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    extn_value: bytes


@asn1.sequence
class _CertTemplate:
    version: Annotated[int | None, asn1.Implicit(0)]
    serial_number: Annotated[int | None, asn1.Implicit(1)]
    signing_alg: Annotated[list[asn1.TLV] | None, asn1.Implicit(2)]
    issuer: Annotated[list[asn1.TLV] | None, asn1.Implicit(3)]
    validity: Annotated[_OptionalValidity | None, asn1.Implicit(4)]
    subject: Annotated[list[asn1.TLV] | None, asn1.Implicit(5)]
    public_key: Annotated[list[asn1.TLV] | None, asn1.Implicit(6)]
    issuer_uid: Annotated[asn1.BitString | None, asn1.Implicit(7)]
    subject_uid: Annotated[asn1.BitString | None, asn1.Implicit(8)]
    extensions: Annotated[list[_Extension] | None, asn1.Implicit(9)]


@asn1.sequence
class _CertRequest:
    cert_req_id: int
    cert_template: _CertTemplate
    controls: list[asn1.TLV] | None


@asn1.sequence
class _PopoSigningKey:
    poposk_input: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    algorithm_identifier: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class _CertId:
    issuer: asn1.TLV
    serial_number: int


def certificate_requests(data: bytes) -> tuple[CertificateRequest, ...]:
    """CertReqMessages from DER; raises Refused(MALFORMED)."""
    messages = sequence_parts(data, "CertReqMessages")
    if not 1 <= len(messages) <= MAXIMUM_REQUESTS:
        raise Refused(Reason.MALFORMED, f"a message holds 1 to {MAXIMUM_REQUESTS} certificate requests")
    return tuple(_certificate_request(encoded(message)) for message in messages)


def certificate_template(data: bytes) -> CertificateTemplate:
    """A CertTemplate from DER; raises Refused(MALFORMED)."""
    return _template(decoded(_CertTemplate, data, "CertTemplate"))


def certificate_id(data: bytes) -> CertificateId:
    """A CertId from DER; raises Refused(MALFORMED)."""
    read = decoded(_CertId, data, "CertId")
    return CertificateId(encoded(read.issuer), read.serial_number)


def encode_template(template: CertificateTemplate, validity: bytes = b"") -> bytes:
    """The DER of a template without serial number and unique identifiers; `validity` is OptionalValidity's content."""
    return der.sequence(
        b"" if template.version is None else der.implicit(0, bytes((template.version,))),
        b"" if template.issuer is None else der.explicit(3, template.issuer),
        der.explicit(4, validity) if validity else b"",
        b"" if template.subject is None else der.explicit(5, template.subject),
        _extensions(template.extensions),
    )


def _extensions(extensions: tuple[TemplateExtension, ...]) -> bytes:
    parts = [der.extension(der.oid(one.oid), one.value, critical=one.critical) for one in extensions]
    return der.explicit(9, b"".join(parts)) if parts else b""


def _certificate_request(data: bytes) -> CertificateRequest:
    parts = sequence_parts(data, "CertReqMsg")
    if not 1 <= len(parts) <= 3:
        raise Refused(Reason.MALFORMED, "not a CertReqMsg in DER")
    whole = encoded(parts[0])
    read = decoded(_CertRequest, whole, "CertRequest")
    proof = _proof(parts[1]) if len(parts) > 1 and parts[1].tag_bytes[0] & 0xC0 == 0x80 else None
    controls = tuple(_control(encoded(control)) for control in read.controls or ())
    return CertificateRequest(read.cert_req_id, _template(read.cert_template), whole, proof, controls)


def _control(data: bytes) -> tuple[str, bytes]:
    parts = sequence_parts(data, "AttributeTypeAndValue")
    if len(parts) != 2:
        raise Refused(Reason.MALFORMED, "not an AttributeTypeAndValue in DER")
    return object_identifier(parts[0]), encoded(parts[1])


def _template(read: _CertTemplate) -> CertificateTemplate:
    extensions = read.extensions or []
    if len(extensions) > MAXIMUM_EXTENSIONS:
        raise Refused(Reason.MALFORMED, f"a template holds {MAXIMUM_EXTENSIONS} extensions at the most")
    validity = read.validity
    return CertificateTemplate(
        version=read.version,
        serial=read.serial_number,
        issuer=_one(read.issuer),
        not_before=_moment(validity.not_before) if validity else None,
        not_after=_moment(validity.not_after) if validity else None,
        subject=_one(read.subject),
        public_key=None if read.public_key is None else der.sequence(*map(encoded, read.public_key)),
        extensions=tuple(
            TemplateExtension(one.extn_id.dotted_string, one.critical, one.extn_value) for one in extensions
        ),
        names_algorithm=read.signing_alg is not None,
        names_unique_ids=read.issuer_uid is not None or read.subject_uid is not None,
    )


def _one(values: list[asn1.TLV] | None) -> bytes | None:
    """The one value under an explicit tag."""
    if values is None:
        return None
    if len(values) != 1:
        raise Refused(Reason.MALFORMED, "not a CertTemplate in DER")
    return encoded(values[0])


def _moment(time: asn1.UTCTime | asn1.GeneralizedTime | None) -> datetime | None:
    return None if time is None else time.as_datetime()


def _proof(value: asn1.TLV) -> Proof:
    tag = value.tag_bytes[0] & 0x1F
    content = bytes(value.data)
    try:
        method = ProofMethod(tag)
    except ValueError:
        raise Refused(Reason.MALFORMED, "not a ProofOfPossession in DER") from None
    if method is not ProofMethod.SIGNATURE:
        return Proof(method, content=content)
    read = decoded(_PopoSigningKey, der.sequence(content), "POPOSigningKey")
    signing_input = None if read.poposk_input is None else _signing_input(read.poposk_input)
    signed_with = algorithm(encoded(read.algorithm_identifier))
    return Proof(method, signed_with, read.signature.as_bytes(), signing_input)


def _signing_input(parts: list[asn1.TLV]) -> SigningInput:
    if len(parts) != 2:
        raise Refused(Reason.MALFORMED, "not a POPOSigningKeyInput in DER")
    sender = bytes(parts[0].data) if parts[0].tag_bytes == b"\xa0" else None
    return SigningInput(der.sequence(*map(encoded, parts)), sender, encoded(parts[1]))


def as_certification_request(template: CertificateTemplate) -> bytes:
    """The template's subject, key and extensions in the form of PKCS #10, with a signature that is none.

    For what reads such requests anyway; a subject that was left out is an empty one. The key must be there.
    """
    wanted = b"".join(der.extension(der.oid(e.oid), e.value, critical=e.critical) for e in template.extensions)
    attribute = der.sequence(_EXTENSION_REQUEST, der.tlv(0x31, der.sequence(wanted)))
    subject = template.subject if template.subject is not None else der.sequence()
    attributes = der.explicit(0, attribute if template.extensions else b"")
    information = der.sequence(der.integer(0), subject, template.public_key or b"", attributes)
    return der.assemble(information, _NO_SIGNATURE, b"")
