"""pkiMessage read (RFC 8894 3.2): its authenticated attributes, who signed it, and the envelope inside."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import ber, cms, pkcs10
from emca_daemon.asn1.cms_signed import SignedData, Signer, public_key_of, read_signed_data, verify_signer
from emca_daemon.errors import Reason, Refused

_VERISIGN = "2.16.840.1.113733.1.9."
MESSAGE_TYPE = _VERISIGN + "2"
PKI_STATUS = _VERISIGN + "3"
FAIL_INFO = _VERISIGN + "4"
SENDER_NONCE = _VERISIGN + "5"
RECIPIENT_NONCE = _VERISIGN + "6"
TRANSACTION_ID = _VERISIGN + "7"
FAIL_INFO_TEXT = "1.3.6.1.5.5.7.24.1"

MAX_TRANSACTION_ID = 1024
MAX_NONCE = 128

_OCTET_STRING = 0x04


class MessageType(Enum):
    """messageType, by its number in decimal (RFC 8894 3.2.1.2)."""

    CERT_REP = "3"
    RENEWAL_REQ = "17"
    PKCS_REQ = "19"
    CERT_POLL = "20"
    GET_CERT = "21"
    GET_CRL = "22"


@dataclass(frozen=True, slots=True)
class PkiMessage:
    """A request: `transaction_id` in octets as sent, `type` None for a number that RFC 8894 does not have.

    `signed` and `signer` are what the outer signature is checked with; `certificate` is the signer's, self-signed or
    issued by somebody, and `key` what it certifies.
    """

    transaction_id: bytes
    type: MessageType | None
    sender_nonce: bytes | None
    signed: SignedData
    signer: Signer
    certificate: x509.Certificate
    key: CertificatePublicKeyTypes

    @property
    def self_signed(self) -> bool:
        """Whether the signer made its certificate itself, by its names."""
        return cms.is_self_issued(self.certificate)

    @property
    def key_fingerprint(self) -> bytes:
        """SHA-256 over the signer's SubjectPublicKeyInfo."""
        return fingerprint_of(self.key)

    @property
    def certificate_der(self) -> bytes:
        """The signer's certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def verify(self, digests: Collection[str]) -> None:
        """Check the outer signature; raises Refused(BAD_INTEGRITY), or ALGORITHM_REFUSED for other digests."""
        verify_signer(self.signed, self.signer, self.key, digests)


def fingerprint_of(key: CertificatePublicKeyTypes) -> bytes:
    """SHA-256 over a SubjectPublicKeyInfo."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def read_pki_message(data: bytes) -> PkiMessage:
    """Read a pkiMessage from BER, nothing verified yet.

    Raises Refused for what no CertRep can answer: no CMS, no signer, no certificate of the signer, no transactionID.
    """
    signed = read_signed_data(data)
    if len(signed.signers) != 1:
        raise Refused(Reason.MALFORMED, "a pkiMessage has one signer")
    signer = signed.signers[0]
    transaction_id = _text(signer, TRANSACTION_ID)
    if not transaction_id or len(transaction_id) > MAX_TRANSACTION_ID:
        raise Refused(Reason.MALFORMED, "the pkiMessage has no transactionID, or one that is too long")
    certificate = signed.certificate_of(signer, any_names=True)  # what a device calls itself is of no interest
    return PkiMessage(
        transaction_id=transaction_id,
        type=_type(_text(signer, MESSAGE_TYPE)),
        sender_nonce=_nonce(signer),
        signed=signed,
        signer=signer,
        certificate=certificate,
        key=public_key_of(certificate),
    )


def _text(signer: Signer, oid: str) -> bytes | None:
    value = signer.attribute(oid)
    return None if value is None else pkcs10.read_text(value)


def _type(text: bytes | None) -> MessageType | None:
    try:
        return MessageType((text or b"").decode("ascii", "replace"))
    except ValueError:
        return None


def _nonce(signer: Signer) -> bytes | None:
    value = signer.attribute(SENDER_NONCE)
    if value is None:
        return None
    element = ber.element(value)
    if element.tag != _OCTET_STRING or len(element.content) > MAX_NONCE:
        raise Refused(Reason.MALFORMED, "a senderNonce is an OCTET STRING of a few octets")
    return element.content


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """IssuerAndSerialNumber as GetCert and GetCRL send it: the DER of the issuer's name, and the serial number."""

    issuer: bytes
    serial: int


def read_named_certificate(data: bytes) -> NamedCertificate:
    """IssuerAndSerialNumber; raises Refused(MALFORMED)."""
    read = cms.parse(cms.IssuerAndSerialNumber, ber.to_der(data), "an IssuerAndSerialNumber")
    return NamedCertificate(cms.encoded_of(read.issuer), read.serial_number)


def check_issuer_and_subject(data: bytes) -> None:
    """Raise Refused(MALFORMED) unless it is an IssuerAndSubject: two names, in which no client is held to anything."""
    parts = ber.elements(ber.element(ber.to_der(data)).content, 2)
    if [part.tag for part in parts] != [0x30, 0x30]:
        raise Refused(Reason.MALFORMED, "not an IssuerAndSubject")
