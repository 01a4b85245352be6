"""Names of key algorithms, and the keys that they stand for."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PublicKeyTypes

from emca_daemon.errors import Reason, Refused

PUBLIC_EXPONENT = 65_537
RSA_SIZES = range(2048, 8192 + 1, 1024)
"""The RSA moduli that may be generated, in bits."""

CURVES: dict[str, type[ec.EllipticCurve]] = {"p-256": ec.SECP256R1, "p-384": ec.SECP384R1, "p-521": ec.SECP521R1}
_CURVE_NAMES = {"secp256r1": "p-256", "secp384r1": "p-384", "secp521r1": "p-521"}
_FIXED_PRIVATE: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate,
}
_FIXED_PUBLIC: tuple[tuple[type, str], ...] = (
    (ed25519.Ed25519PublicKey, "ed25519"),
    (ed448.Ed448PublicKey, "ed448"),
    (mldsa.MLDSA44PublicKey, "ml-dsa-44"),
    (mldsa.MLDSA65PublicKey, "ml-dsa-65"),
    (mldsa.MLDSA87PublicKey, "ml-dsa-87"),
)

ALGORITHMS: tuple[str, ...] = (*(f"rsa-{size}" for size in RSA_SIZES), *CURVES, *_FIXED_PRIVATE)
"""Every name, in the order in which people read them."""


def rsa_size(algorithm: str) -> int | None:
    """The modulus in bits of an `rsa-N`, None for another algorithm; raises Refused(ALGORITHM_REFUSED) for a bad N."""
    if not algorithm.startswith("rsa-"):
        return None
    if algorithm not in ALGORITHMS:
        raise unknown(algorithm)
    return int(algorithm.removeprefix("rsa-"))


def check_purpose(algorithm: str, decrypts: bool) -> None:
    """Raise Refused(ALGORITHM_REFUSED) for a key that is to decrypt and is not an RSA key."""
    if decrypts and rsa_size(algorithm) is None:
        raise Refused(Reason.ALGORITHM_REFUSED, f"{algorithm[:40]} keys do not decrypt: take an RSA key")


def generate(algorithm: str) -> CertificateIssuerPrivateKeyTypes:
    """Make a key in this process; raises Refused(ALGORITHM_REFUSED) for a name that is not known."""
    size = rsa_size(algorithm)
    if size is not None:
        return rsa.generate_private_key(PUBLIC_EXPONENT, size)
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm]())
    if algorithm in _FIXED_PRIVATE:
        return _FIXED_PRIVATE[algorithm]()
    raise unknown(algorithm)


def algorithm_of(key: PublicKeyTypes) -> str:
    """The name of a public key's algorithm (also `rsa-1536` and the like); raises Refused(ALGORITHM_REFUSED)."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVE_NAMES:
        return _CURVE_NAMES[key.curve.name]
    for kind, name in _FIXED_PUBLIC:
        if isinstance(key, kind):
            return name
    raise Refused(Reason.ALGORITHM_REFUSED, "this kind of key has no place here")


def unknown(algorithm: str) -> Refused:
    """The refusal of a name that stands for nothing."""
    return Refused(Reason.ALGORITHM_REFUSED, f"unknown key algorithm {algorithm[:40]!r}: take one of {_shown()}")


def _shown() -> str:
    """The names as a sentence lists them."""
    return ", ".join(ALGORITHMS)
