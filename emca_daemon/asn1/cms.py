"""The structures of CMS (RFC 5652, RFC 5083) as they are declared there, read after `ber.to_der`.

A SET OF is taken as it comes, sorted or not; what may be absent and is of any type is read with `ber.elements`, for
neither can be declared. The values that the rest of the daemon works with are in `cms_signed` and `cms_enveloped`.
"""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1

from emca_daemon.asn1 import ber, der
from emca_daemon.asn1.lax_names import same_name
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
ENVELOPED_DATA = "1.2.840.113549.1.7.3"
AUTH_ENVELOPED_DATA = "1.2.840.113549.1.9.16.1.23"

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"

MAX_SIGNERS = 16
MAX_RECIPIENTS = 32
MAX_CERTIFICATES = 64

_VERSION = 0xA0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IssuerAndSerial:
    """A certificate by the DER of its issuer's name and by its serial number."""

    issuer: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class KeyIdentifier:
    """A certificate by its subjectKeyIdentifier."""

    value: bytes


CertificateIdentifier = IssuerAndSerial | KeyIdentifier


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier: dotted OID, and the DER of the parameters where there are any."""

    oid: str
    parameters: bytes | None = None


@asn1.sequence
class AnyValue:
    """Any one value; `[n] IMPLICIT` around it has the bytes of `[n] EXPLICIT` around the value itself."""

    value: asn1.TLV


@asn1.sequence
class ContentInfo:
    """ContentInfo (RFC 5652 3)."""

    content_type: x509.ObjectIdentifier
    content: Annotated[AnyValue, asn1.Implicit(0)]


@asn1.sequence
class IssuerAndSerialNumber:
    """IssuerAndSerialNumber (RFC 5652 10.2.4)."""

    issuer: asn1.TLV
    serial_number: int


@asn1.sequence
class AttributeStructure:
    """Attribute (RFC 5652 5.3)."""

    attr_type: x509.ObjectIdentifier
    attr_values: asn1.TLV


@asn1.sequence
class EncapsulatedContentInfo:
    """EncapsulatedContentInfo (RFC 5652 5.2)."""

    e_content_type: x509.ObjectIdentifier
    e_content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedDataStructure:
    """SignedData (RFC 5652 5.1)."""

    version: int
    digest_algorithms: asn1.TLV
    encap_content_info: EncapsulatedContentInfo
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    crls: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signer_infos: asn1.TLV


@asn1.sequence
class SignerInfo:
    """SignerInfo (RFC 5652 5.3)."""

    version: int
    sid: IssuerAndSerialNumber | Annotated[bytes, asn1.Implicit(0)]
    digest_algorithm: asn1.TLV
    signed_attrs: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned_attrs: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class EnvelopedDataStructure:
    """EnvelopedData (RFC 5652 6.1)."""

    version: int
    originator_info: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    recipient_infos: asn1.TLV
    encrypted_content_info: asn1.TLV
    unprotected_attrs: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class AuthEnvelopedDataStructure:
    """AuthEnvelopedData (RFC 5083 2.1)."""

    version: int
    originator_info: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    recipient_infos: asn1.TLV
    encrypted_content_info: asn1.TLV
    auth_attrs: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    mac: bytes
    unauth_attrs: Annotated[list[asn1.TLV] | None, asn1.Implicit(2)]


def parse(kind: type[T], encoded: bytes, what: str) -> T:
    """Read a declared structure; raises Refused(MALFORMED) naming `what` it is not."""
    try:
        return asn1.decode_der(kind, encoded)
    except ValueError:
        raise Refused(Reason.MALFORMED, f"not {what}") from None


def encoded_of(value: asn1.TLV) -> bytes:
    """The DER of a value."""
    return ber.element(bytes(value.tag_bytes) + der.tlv(0, bytes(value.data))[1:]).encoded


def read_content_info(data: bytes) -> tuple[str, bytes]:
    """Content type and the DER of the content, from BER; raises Refused(MALFORMED)."""
    info = parse(ContentInfo, ber.to_der(data), "a ContentInfo")
    return info.content_type.dotted_string, encoded_of(info.content.value)


def write_content_info(content_type: str, content: bytes) -> bytes:
    """ContentInfo around encoded content."""
    return der.sequence(der.oid(content_type), der.explicit(0, content))


def read_algorithm(encoded: bytes) -> Algorithm:
    """An AlgorithmIdentifier; absent parameters and NULL are told apart."""
    parts = ber.elements(ber.element(encoded).content, 2)
    if not parts:
        raise Refused(Reason.MALFORMED, "not an AlgorithmIdentifier")
    return Algorithm(read_oid(parts[0].encoded), parts[1].encoded if len(parts) == 2 else None)


def read_oid(encoded: bytes) -> str:
    """An OBJECT IDENTIFIER as dotted text."""
    return parse(x509.ObjectIdentifier, encoded, "an object identifier").dotted_string


def write_algorithm(algorithm: Algorithm) -> bytes:
    """AlgorithmIdentifier."""
    return der.sequence(der.oid(algorithm.oid), algorithm.parameters or b"")


def read_identifier(identifier: IssuerAndSerialNumber | bytes) -> CertificateIdentifier:
    """Whom a SignerInfo or RecipientInfo names."""
    if isinstance(identifier, bytes):
        return KeyIdentifier(identifier)
    return IssuerAndSerial(encoded_of(identifier.issuer), identifier.serial_number)


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber of a certificate."""
    return der.sequence(issuer_of(certificate), der.integer(certificate.serial_number))


def issuer_of(certificate: x509.Certificate) -> bytes:
    """The DER of the issuer's name as it stands there, be it readable or not."""
    return _fields(certificate)[2].encoded


def subject_of(certificate: x509.Certificate) -> bytes:
    """The DER of the subject as it stands there, be it readable or not."""
    return _fields(certificate)[4].encoded


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Whether issuer and subject are the same, be they readable or not (RFC 5280 3.2)."""
    fields = _fields(certificate)
    return fields[2].encoded == fields[4].encoded


def _fields(certificate: x509.Certificate) -> list[ber.Element]:
    """The fields of TBSCertificate from the serial number on (RFC 5280 4.1)."""
    fields = ber.elements(ber.element(certificate.tbs_certificate_bytes).content)
    return fields[1:] if fields[0].tag == _VERSION else fields


def names(identifier: CertificateIdentifier, certificate: x509.Certificate) -> bool:
    """Whether it is this certificate that is meant."""
    if isinstance(identifier, IssuerAndSerial):
        return identifier.serial == certificate.serial_number and same_name(identifier.issuer, issuer_of(certificate))
    return identifier.value == key_identifier(certificate)


def key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The subjectKeyIdentifier, computed (RFC 5280 4.2.1.2 (1)) where there is none; None where that cannot be told."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        pass
    except UNREADABLE:
        return None
    try:
        return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    except (ValueError, UnsupportedAlgorithm):
        return None
