"""Keys made for clients that make none themselves (RFC 7030 4.4, RFC 9483 4.1.6); none of them is kept."""

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

GeneratedKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

_CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "p-256": ec.SECP256R1(),
    "p-384": ec.SECP384R1(),
    "p-521": ec.SECP521R1(),
}


def generate(algorithm: str) -> GeneratedKey:
    """A key of one of `settings.est.ALGORITHMS`."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "ed448":
        return ed448.Ed448PrivateKey.generate()
    return rsa.generate_private_key(65537, int(algorithm.removeprefix("rsa-")))


def private_bytes(key: GeneratedKey) -> bytes:
    """PKCS #8 in DER, not encrypted."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_bytes(key: GeneratedKey) -> bytes:
    """SubjectPublicKeyInfo in DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def algorithm_of(public: bytes) -> str:
    """The name of a public key's algorithm as in `settings.est.ALGORITHMS`; empty where it has none there."""
    try:
        key = load_der_public_key(public)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return next((name for name, curve in _CURVES.items() if curve.name == key.curve.name), "")
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    return "ed448" if isinstance(key, ed448.Ed448PublicKey) else ""
