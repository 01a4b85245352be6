"""What policy must know of a public key, read once when a request comes in."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, mlkem, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import KeyFacts
from emca_daemon.policy.weak_keys import WeakKeys, weaknesses_of

_CURVES = {"secp256r1": "p-256", "secp384r1": "p-384", "secp521r1": "p-521"}
"""The curves we certify, by cryptography's name for them."""


def key_facts(public_key: CertificatePublicKeyTypes, weak_keys: WeakKeys | None = None) -> KeyFacts:
    """The facts of a key; raises Refused(KEY_REFUSED) for a kind or curve that we certify nowhere.

    `bits` is the modulus for RSA, the field for curves (Edwards and Montgomery curves: the encoded point), the
    encoded public key for ML-DSA and ML-KEM. Without `weak_keys` the arithmetic tests run each time and no list of
    known keys is asked. The facts only tell of weaknesses; whether they refuse the request is for the profile to say.
    """
    algorithm, parameter, bits, exponent = _kind(public_key)
    fingerprint = key_fingerprint(public_key)
    weaknesses = weak_keys.weaknesses(public_key, fingerprint) if weak_keys else weaknesses_of(public_key)
    return KeyFacts(public_key, algorithm, parameter, bits, exponent, fingerprint, weaknesses)


def key_fingerprint(public_key: CertificatePublicKeyTypes) -> bytes:
    """SHA-256 over the key's SubjectPublicKeyInfo in DER."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def _kind(public_key: CertificatePublicKeyTypes) -> tuple[str, str, int, int]:
    """Algorithm, parameter, bits and exponent."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return "rsa", "", public_key.key_size, public_key.public_numbers().e
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        curve = _CURVES.get(public_key.curve.name)
        if curve is None:
            raise Refused(Reason.KEY_REFUSED, f"keys on the curve {public_key.curve.name} are not certified")
        return "ec", curve, public_key.key_size, 0
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return "ed25519", "", 256, 0
    if isinstance(public_key, ed448.Ed448PublicKey):
        return "ed448", "", 456, 0
    return _agreeing(public_key) or _lattice(public_key)


def _agreeing(public_key: CertificatePublicKeyTypes) -> tuple[str, str, int, int] | None:
    """The same for keys that only agree on secrets (RFC 8410); None for others."""
    if isinstance(public_key, x25519.X25519PublicKey):
        return "x25519", "", 256, 0
    if isinstance(public_key, x448.X448PublicKey):
        return "x448", "", 448, 0
    return None


def _lattice(public_key: CertificatePublicKeyTypes) -> tuple[str, str, int, int]:
    """The same for ML-DSA (FIPS 204) and ML-KEM (FIPS 203), the last kinds that we know."""
    if isinstance(public_key, mldsa.MLDSA44PublicKey):
        return "ml-dsa", "ml-dsa-44", 10_496, 0
    if isinstance(public_key, mldsa.MLDSA65PublicKey):
        return "ml-dsa", "ml-dsa-65", 15_616, 0
    if isinstance(public_key, mldsa.MLDSA87PublicKey):
        return "ml-dsa", "ml-dsa-87", 20_736, 0
    if isinstance(public_key, mlkem.MLKEM768PublicKey):
        return "ml-kem", "ml-kem-768", 9_472, 0
    if isinstance(public_key, mlkem.MLKEM1024PublicKey):
        return "ml-kem", "ml-kem-1024", 12_544, 0
    raise Refused(Reason.KEY_REFUSED, "keys of this kind are not certified")
