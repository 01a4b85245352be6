"""Signatures over raw bytes: which algorithm a key signs with, its AlgorithmIdentifier, and the act itself."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)

from emca_daemon.errors import Reason, Refused

_Sha2 = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
_ECDSA: dict[str, tuple[_Sha2, bytes]] = {  # RFC 5758 3.2: the hash as long as the curve
    "secp256r1": (hashes.SHA256(), bytes.fromhex("300a06082a8648ce3d040302")),
    "secp384r1": (hashes.SHA384(), bytes.fromhex("300a06082a8648ce3d040303")),
    "secp521r1": (hashes.SHA512(), bytes.fromhex("300a06082a8648ce3d040304")),
}
_RSA_PKCS1_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
_RSA_PSS_SHA256 = bytes.fromhex(  # RFC 4055 3.1: SHA-256, MGF1 with SHA-256, salt of 32 octets
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)
_FIXED: tuple[tuple[type, bytes], ...] = (
    (ed25519.Ed25519PublicKey, bytes.fromhex("300506032b6570")),
    (ed448.Ed448PublicKey, bytes.fromhex("300506032b6571")),
    (mldsa.MLDSA44PublicKey, bytes.fromhex("300b0609608648016503040311")),
    (mldsa.MLDSA65PublicKey, bytes.fromhex("300b0609608648016503040312")),
    (mldsa.MLDSA87PublicKey, bytes.fromhex("300b0609608648016503040313")),
)


def hash_of(key: CertificateIssuerPublicKeyTypes) -> _Sha2 | None:
    """The hash that a key of this kind signs over; None where the algorithm has its own."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _ECDSA[key.curve.name][0]
    return hashes.SHA256() if isinstance(key, rsa.RSAPublicKey) else None


def algorithm_identifier(key: CertificateIssuerPublicKeyTypes, pss: bool = False) -> bytes:
    """The DER AlgorithmIdentifier of signatures by that key; raises Refused(ALGORITHM_REFUSED)."""
    if isinstance(key, rsa.RSAPublicKey):
        return _RSA_PSS_SHA256 if pss else _RSA_PKCS1_SHA256
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _ECDSA:
        return _ECDSA[key.curve.name][1]
    for kind, identifier in _FIXED:
        if isinstance(key, kind):
            return identifier
    raise Refused(Reason.ALGORITHM_REFUSED, "no certificate can be signed with a key of this kind")


def rsa_padding(pss: bool) -> padding.PSS | padding.PKCS1v15:
    """How an RSA key pads: PSS with SHA-256 and a salt of 32 octets, or PKCS #1 v1.5."""
    return padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()


def sign(key: CertificateIssuerPrivateKeyTypes, data: bytes, pss: bool = False) -> bytes:
    """Sign; raises Refused(UNAVAILABLE) when the key cannot be reached."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, rsa_padding(pss), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_ECDSA[key.curve.name][0]))
    if isinstance(key, dsa.DSAPrivateKey):
        raise Refused(Reason.ALGORITHM_REFUSED, "DSA keys sign nothing here")
    return key.sign(data)


def verify(key: CertificateIssuerPublicKeyTypes, signature: bytes, data: bytes, pss: bool = False) -> None:
    """Check a signature made by `sign`; raises Refused(BAD_INTEGRITY)."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, rsa_padding(pss), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(_ECDSA[key.curve.name][0]))
        elif isinstance(key, dsa.DSAPublicKey):
            raise Refused(Reason.ALGORITHM_REFUSED, "DSA keys sign nothing here")
        else:
            key.verify(signature, data)
    except InvalidSignature:
        raise Refused(Reason.BAD_INTEGRITY, "the signature does not verify") from None
