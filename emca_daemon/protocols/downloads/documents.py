"""What can be downloaded: a CRL or an issuer's certificates, each in several forms (RFC 2585, RFC 5280 4.2.2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from emca_daemon.ca.records import IssuedCrl
from emca_daemon.protocols.caching import entity_tag


class CrlForm(Enum):
    """The forms of a CRL, by what the name of the download ends with."""

    PEM = ".crl.pem"
    DER = ".crl"


class CertificateForm(Enum):
    """The forms of an issuer's certificates, longer endings first: the first that fits is the right one."""

    CHAIN = ".chain.pem"
    PEM = ".pem"
    DER = ".cer"
    PKCS7 = ".p7c"


@dataclass(frozen=True, slots=True)
class Document:
    """A body ready to be sent: its media type, its strong entity tag and when it last changed."""

    body: bytes
    media_type: str
    tag: str
    modified: datetime


_PEM_FILE = "application/x-pem-file"


def crl_document(crl: IssuedCrl, form: CrlForm) -> Document:
    """A published CRL; it changed last when it was issued."""
    if form is CrlForm.DER:
        return _document(crl.der, "application/pkix-crl", crl.this_update)
    pem = x509.load_der_x509_crl(crl.der).public_bytes(Encoding.PEM)
    return _document(pem, _PEM_FILE, crl.this_update)


def certificate_document(chain: Sequence[bytes], form: CertificateForm) -> Document:
    """An issuer's certificate, or its whole chain (PKCS #7 and `.chain.pem`).

    `chain` has at least the issuer's own certificate, first. The document counts as changed when the newest of the
    chain's certificates begins to be valid.
    """
    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    modified = max(certificate.not_valid_before_utc for certificate in certificates)
    match form:
        case CertificateForm.DER:
            return _document(chain[0], "application/pkix-cert", modified)
        case CertificateForm.PEM:
            return _document(certificates[0].public_bytes(Encoding.PEM), _PEM_FILE, modified)
        case CertificateForm.PKCS7:
            message = pkcs7.serialize_certificates(certificates, Encoding.DER)
            return _document(message, "application/pkcs7-mime", modified)
    text = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    return _document(text, "application/pem-certificate-chain", modified)


def _document(body: bytes, media_type: str, modified: datetime) -> Document:
    return Document(body, media_type, entity_tag(body), modified)
