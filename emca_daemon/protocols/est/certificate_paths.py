"""Paths from a client certificate to a foreign authority that is trusted (RFC 5280 section 6, without policies)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from emca_daemon.asn1.cms_signed import read_certificate
from emca_daemon.asn1.critical_extensions import has_unknown_extension
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused

MOST_CERTIFICATES: Final = 8
"""The longest path, and how many certificates of the client are tried."""


def trusted_path(
    leaf: x509.Certificate, sent: Sequence[bytes], anchors: Sequence[x509.Certificate], now: datetime
) -> tuple[x509.Certificate, ...]:
    """The path from the leaf's certificate to an anchor, both included, signatures and CA rights verified.

    The leaf's own validity is not looked at. Raises Refused(NOT_AUTHENTICATED).
    """
    pool = [*anchors, *_parsed(sent)]
    path = [leaf]
    while len(path) <= MOST_CERTIFICATES:
        below = len(path) - 1
        issuers = (one for one in pool if one not in path and _issued(one, path[-1]) and _may_issue(one, below, now))
        issuer = next(issuers, None)
        if issuer is None:
            break
        path.append(issuer)
        if issuer in anchors:
            if any(_has_unknown_extension(one) for one in path[:-1]):
                raise _untrusted()
            return tuple(path)
    raise _untrusted()


def is_listed(path: Sequence[x509.Certificate], lists: Iterable[x509.CertificateRevocationList]) -> bool:
    """Whether a certificate of the path stands in one of the CRLs that its issuer signed."""
    known = tuple(lists)
    for certificate, issuer in pairwise(path):
        for crl in known:
            if crl.issuer == issuer.subject and _signed(crl, issuer) and _has_entry(crl, certificate.serial_number):
                return True
    return False


def _parsed(sent: Sequence[bytes]) -> Iterable[x509.Certificate]:
    for encoded in sent[:MOST_CERTIFICATES]:
        try:
            yield read_certificate(encoded)
        except Refused:
            continue


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _may_issue(issuer: x509.Certificate, below: int, now: datetime) -> bool:
    if not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
        return False
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    enough = constraints.path_length is None or constraints.path_length >= below
    return constraints.ca and usage.key_cert_sign and enough


def _has_unknown_extension(certificate: x509.Certificate) -> bool:
    try:
        return has_unknown_extension(certificate)
    except UNREADABLE:
        return True


def _has_entry(crl: x509.CertificateRevocationList, serial: int) -> bool:
    """Negative numbers, which some manufacturers' certificates have, are none that the library looks up."""
    if serial < 0:
        return any(entry.serial_number == serial for entry in crl)
    return crl.get_revoked_certificate_by_serial_number(serial) is not None


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, *UNREADABLE):
        return False


def _untrusted() -> Refused:
    return Refused(Reason.NOT_AUTHENTICATED, "the client certificate is of nobody who is trusted here")
