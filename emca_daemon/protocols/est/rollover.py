"""When a CA of ours is followed by another: the certificates of one by the other (RFC 4210 4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from emca_daemon.asn1.cms_signed import public_key_of
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused


@dataclass(frozen=True, slots=True)
class RolloverCertificate:
    """OldWithNew or NewWithOld: one CA's name and key, certified by `issuer`."""

    certificate: x509.Certificate
    issuer: x509.Certificate

    def concerns(self, authority: x509.Certificate) -> bool:
        """Whether it is about that CA's key, or signed by it."""
        return authority.public_key() in (self.certificate.public_key(), self.issuer.public_key())


def rollover_certificate(
    certificate: x509.Certificate, ours: Iterable[x509.Certificate], served: Iterable[x509.Certificate]
) -> RolloverCertificate:
    """The certificate, seen to be what it claims: of the name and key of one CA of ours, signed by another one.

    `ours` are the certificates of all CAs of ours, `served` those that clients get beside it: one of the two must be
    there. Raises Refused: UNAVAILABLE, or what `public_key_of` does.
    """
    known, beside, key = tuple(ours), tuple(served), public_key_of(certificate)
    about = [one for one in known if one.subject == certificate.subject and one.public_key() == key]
    if about:
        for issuer in known:
            near = issuer in beside or any(one in beside for one in about)
            if near and issuer.public_key() != key and _signed(certificate, issuer):
                return RolloverCertificate(certificate, issuer)
    name = certificate.subject.rfc4514_string()
    raise Refused(Reason.UNAVAILABLE, f"the certificate of `{name}` is not of one CA served here, signed by another")


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True
