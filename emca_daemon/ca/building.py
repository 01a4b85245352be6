"""The to-be-signed certificate: built from the approval, never from the request."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)

from emca_daemon.ca.signatures import algorithm_identifier, hash_of, rsa_padding
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.policy.tokens import Approved, ToBeSigned
from emca_daemon.randomness import RandomBytes

SERIAL_OCTETS = 20


def unpredictable_serial(random: RandomBytes) -> SerialNumber:
    """A positive serial number of 20 octets with 158 random bits (RFC 5280 4.1.2.2, BR 7.1).

    The highest bit is clear so that the number is positive, the next one set so that its length never varies.
    """
    drawn = bytearray(random(SERIAL_OCTETS))
    drawn[0] = drawn[0] & 0x7F | 0x40
    return SerialNumber(int.from_bytes(drawn))


class Specimens:
    """Throw-away keys, one a signature algorithm, made when first needed: linters see a signature of theirs."""

    def __init__(self) -> None:
        self._keys: dict[str, CertificateIssuerPrivateKeyTypes] = {}

    def key_like(self, key: CertificateIssuerPublicKeyTypes) -> CertificateIssuerPrivateKeyTypes:
        """A throw-away key whose signatures have the same AlgorithmIdentifier as those of `key`."""
        kind = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__
        if kind not in self._keys:
            self._keys[kind] = _throw_away(key)
        return self._keys[kind]


def _throw_away(key: CertificateIssuerPublicKeyTypes) -> CertificateIssuerPrivateKeyTypes:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(key.curve)
    if isinstance(key, rsa.RSAPublicKey):
        return rsa.generate_private_key(65537, 2048)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ed25519.Ed25519PrivateKey.generate()
    if isinstance(key, ed448.Ed448PublicKey):
        return ed448.Ed448PrivateKey.generate()
    if isinstance(key, mldsa.MLDSA44PublicKey):
        return mldsa.MLDSA44PrivateKey.generate()
    if isinstance(key, mldsa.MLDSA65PublicKey):
        return mldsa.MLDSA65PrivateKey.generate()
    if isinstance(key, mldsa.MLDSA87PublicKey):
        return mldsa.MLDSA87PrivateKey.generate()
    raise Refused(Reason.ALGORITHM_REFUSED, "no certificate can be signed with a key of this kind")


def build(
    approved: Approved,
    *,
    issuer: IssuerName,
    issuer_subject: x509.Name,
    issuer_key: CertificateIssuerPublicKeyTypes,
    pss: bool,
    serial: SerialNumber,
    specimens: Specimens,
) -> ToBeSigned:
    """Build what will be signed, with a throw-away signature in the algorithm of the real one."""
    builder = x509.CertificateBuilder(
        issuer_name=issuer_subject,
        subject_name=approved.subject,
        public_key=approved.public_key,
        serial_number=serial,
        not_valid_before=approved.not_before.replace(tzinfo=None),
        not_valid_after=approved.not_after.replace(tzinfo=None),
        extensions=list(approved.extensions),
    )
    padding = rsa_padding(pss) if isinstance(issuer_key, rsa.RSAPublicKey) else None
    specimen = builder.sign(specimens.key_like(issuer_key), hash_of(issuer_key), rsa_padding=padding)
    return ToBeSigned(
        approved=approved,
        issuer=issuer,
        serial=serial,
        tbs=specimen.tbs_certificate_bytes,
        algorithm=algorithm_identifier(issuer_key, pss),
        specimen=specimen,
    )
