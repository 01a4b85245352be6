"""Chains of CA certificates that come from outside: put in order, and every link checked."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused

MAX_CHAIN = 10


def ordered_chain(
    certificates: Sequence[x509.Certificate], key: CertificateIssuerPublicKeyTypes
) -> tuple[x509.Certificate, ...]:
    """The certificate of that key, then its issuer's, and so on, as far as the certificates given reach.

    Raises Refused(KEY_REFUSED) when none is for the key, Refused(BAD_INTEGRITY) when a signature does not verify and
    Refused(MALFORMED) for a certificate that is no CA's or that belongs nowhere.
    """
    if len(certificates) > MAX_CHAIN:
        raise Refused(Reason.MALFORMED, f"more than {MAX_CHAIN} certificates")
    left = list(certificates)
    first = next((c for c in left if c.public_key() == key), None)
    if first is None:
        raise Refused(Reason.KEY_REFUSED, "none of the certificates is for this issuer's key")
    chain = [first]
    left.remove(first)
    while not _self_issued(chain[-1]) and (parent := _take_issuer(chain[-1], left)):
        chain.append(parent)
    if left:
        raise Refused(Reason.MALFORMED, f"`{left[0].subject.rfc4514_string()}` is not part of the chain")
    for position, certificate in enumerate(chain):
        _check_authority(certificate, below=position)
    if _self_issued(chain[-1]):
        _check_signature(chain[-1], chain[-1])
    return tuple(chain)


def _self_issued(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _take_issuer(certificate: x509.Certificate, left: list[x509.Certificate]) -> x509.Certificate | None:
    for candidate in left:
        if candidate.subject == certificate.issuer:
            _check_signature(certificate, candidate)
            left.remove(candidate)
            return candidate
    return None


def issued_directly(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are those that the certificate was signed under."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _check_signature(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    if not issued_directly(certificate, issuer):
        subject = certificate.subject.rfc4514_string()
        raise Refused(Reason.BAD_INTEGRITY, f"the signature on `{subject}` does not verify")


def _check_authority(certificate: x509.Certificate, below: int) -> None:
    subject = certificate.subject.rfc4514_string()
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        raise Refused(Reason.MALFORMED, f"`{subject}` lacks a CA's basic constraints or key usage") from None
    if not constraints.ca or not usage.key_cert_sign:
        raise Refused(Reason.MALFORMED, f"`{subject}` is not a CA certificate")
    if below == 0 and not usage.crl_sign:
        raise Refused(Reason.MALFORMED, f"`{subject}` does not let its key sign CRLs (cRLSign)")
    if constraints.path_length is not None and constraints.path_length < below:
        raise Refused(Reason.MALFORMED, f"`{subject}` does not allow that many CAs below it")
