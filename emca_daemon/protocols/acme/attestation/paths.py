"""From an attestation's certificate to a root that is trusted for its format (RFC 5280 section 6, without policies)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.asn1.critical_extensions import has_unknown_extension
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.protocols.acme.attestation.statements import MOST_CERTIFICATES, bad_statement
from emca_daemon.protocols.acme.errors import AcmeRefusal

_BROKEN_HASHES: Final = frozenset({"md5", "sha1"})
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


def trusted_leaf(sent: Sequence[bytes], anchors: Sequence[x509.Certificate], now: datetime) -> x509.Certificate:
    """The first certificate, once a path from it to an anchor was found; raises badAttestationStatement."""
    try:
        leaf, *others = map(x509.load_der_x509_certificate, sent)
        _check_path(leaf, [*anchors, *others], anchors, now)
    except UNREADABLE:
        raise bad_statement("a certificate of the attestation cannot be read") from None
    return leaf


def _check_path(
    leaf: x509.Certificate, pool: Iterable[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> None:
    pool = list(pool)
    path = [leaf]
    while path[-1] not in anchors or len(path) == 1:
        _check_one(path[-1], now)
        issuer = next((one for one in pool if one not in path and _issued(one, path[-1])), None)
        if issuer is None or len(path) > MOST_CERTIFICATES:
            raise _untrusted()
        _check_authority(issuer, len(path) - 1)
        path.append(issuer)
    _check_time(path[-1], now)


def _check_one(certificate: x509.Certificate, now: datetime) -> None:
    _check_time(certificate, now)
    if has_unknown_extension(certificate):
        raise bad_statement("a certificate of the attestation has a critical extension that is not understood")


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise bad_statement("a certificate of the attestation has expired, or is not valid yet")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    hash_ = certificate.signature_hash_algorithm
    if hash_ is not None and hash_.name in _BROKEN_HASHES:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    return True


def _check_authority(issuer: x509.Certificate, below: int) -> None:
    """A key usage need not be there: devices that issue for their own keys leave it out."""
    constraints = _extension(issuer, x509.BasicConstraints)
    usage = _extension(issuer, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        raise _untrusted()
    if constraints.path_length is not None and constraints.path_length < below:
        raise _untrusted()


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def extension_octets(certificate: x509.Certificate, oid: str) -> bytes | None:
    """The value of an extension that the library does not know; None where it is not there."""
    try:
        value = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid)).value
    except x509.ExtensionNotFound:
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else None


def public_key(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    """The certificate's key; raises badAttestationStatement for one that cannot be read."""
    try:
        return certificate.public_key()
    except UNREADABLE:
        raise bad_statement("the attestation's key is of a kind that is not supported") from None


def _untrusted() -> AcmeRefusal:
    return bad_statement("the attestation is signed by nobody who is trusted for its format")
