"""Paths from a device's certificate to a vendor's root (RFC 5280 6, as far as a device's certificate needs it)."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from emca_daemon.asn1.unreadable import UNREADABLE

LONGEST = 6
"""Certificates in a path, the root included."""
MOST_CHECKS = 40
"""Signatures verified in the search for one path."""


class VendorPaths:
    """Finds out whether a certificate leads to one of the vendors' roots."""

    def __init__(self, roots: Sequence[x509.Certificate]) -> None:
        self._roots = tuple(roots)

    def leads_to_root(self, certificate: x509.Certificate, others: Sequence[x509.Certificate], now: datetime) -> bool:
        """Whether there is a path over some of the others, every certificate of it valid now."""
        search = _Search(self._roots, [other for other in others if other.issuer != other.subject], now)
        return search.reaches(certificate, 1)


class _Search:
    """One search, whose cost is bounded."""

    def __init__(self, roots: tuple[x509.Certificate, ...], others: list[x509.Certificate], now: datetime) -> None:
        self._roots = roots
        self._others = others
        self._now = now
        self._checks = 0

    def reaches(self, certificate: x509.Certificate, length: int) -> bool:
        if length >= LONGEST or not _valid(certificate, self._now):
            return False
        if any(_valid(root, self._now) and self._signed(certificate, root, length - 1) for root in self._roots):
            return True
        return any(
            self._signed(certificate, other, length - 1) and self.reaches(other, length + 1) for other in self._others
        )

    def _signed(self, certificate: x509.Certificate, issuer: x509.Certificate, below: int) -> bool:
        if certificate.issuer != issuer.subject or self._checks >= MOST_CHECKS or not _is_authority(issuer, below):
            return False
        self._checks += 1
        try:
            certificate.verify_directly_issued_by(issuer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
        return True


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _is_authority(certificate: x509.Certificate, below: int) -> bool:
    """Whether it is a CA's, with that many CAs between it and the device."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    enough = constraints.path_length is None or constraints.path_length >= below
    return constraints.ca and usage.key_cert_sign and enough
