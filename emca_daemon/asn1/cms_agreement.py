"""Ephemeral-static Diffie-Hellman on curves (RFC 5753, RFC 8418): the key that wraps the content key."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cms_algorithms import hash_of
from emca_daemon.errors import Reason, Refused

EC_PUBLIC_KEY = "1.2.840.10045.2.1"
X25519 = "1.3.101.110"
X448 = "1.3.101.111"

AgreementPrivateKey = ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey | x448.X448PrivateKey
AgreementPublicKey = ec.EllipticCurvePublicKey | x25519.X25519PublicKey | x448.X448PublicKey

STANDARD_SHA256 = "1.3.132.1.11.1"
HKDF_SHA256 = "1.2.840.113549.1.9.16.3.19"
WRAP_AES_128 = "2.16.840.1.101.3.4.1.5"
WRAP_AES_256 = "2.16.840.1.101.3.4.1.45"

# Scheme to key derivation function and digest (RFC 5753 7.1.4, RFC 8418 2.1); cofactor schemes are the same here,
# for the cofactor of every curve that is read is 1.
_SCHEMES = {
    "1.3.133.16.840.63.0.2": ("x963", "sha1"),
    "1.3.132.1.11.0": ("x963", "sha224"),
    STANDARD_SHA256: ("x963", "sha256"),
    "1.3.132.1.11.2": ("x963", "sha384"),
    "1.3.132.1.11.3": ("x963", "sha512"),
    "1.3.133.16.840.63.0.3": ("x963", "sha1"),
    "1.3.132.1.14.1": ("x963", "sha256"),
    "1.3.132.1.14.2": ("x963", "sha384"),
    "1.3.132.1.14.3": ("x963", "sha512"),
    HKDF_SHA256: ("hkdf", "sha256"),
    "1.2.840.113549.1.9.16.3.20": ("hkdf", "sha384"),
    "1.2.840.113549.1.9.16.3.21": ("hkdf", "sha512"),
}
_WRAPS = {WRAP_AES_128: 16, "2.16.840.1.101.3.4.1.25": 24, WRAP_AES_256: 32}


def wrap(
    ephemeral: AgreementPrivateKey,
    recipient: AgreementPublicKey,
    key: bytes,
    wrap_oid: str,
    user_material: bytes | None = None,
) -> tuple[cms.Algorithm, bytes]:
    """Wrap a content key: the keyEncryptionAlgorithm to write, and the wrapped key."""
    scheme = STANDARD_SHA256 if isinstance(recipient, ec.EllipticCurvePublicKey) else HKDF_SHA256
    wrapping = cms.write_algorithm(cms.Algorithm(wrap_oid))
    algorithm = cms.Algorithm(scheme, wrapping)
    return algorithm, aes_key_wrap(_derive(agree(ephemeral, recipient), algorithm, user_material), key)


def unwrap(
    private: AgreementPrivateKey,
    originator: AgreementPublicKey,
    algorithm: cms.Algorithm,
    user_material: bytes | None,
    wrapped: bytes,
) -> bytes | None:
    """The content key, None where it was not wrapped for this key.

    Raises Refused(ALGORITHM_REFUSED) for schemes that are not known, and as `agree`.
    """
    shared = agree(private, originator)
    try:
        return aes_key_unwrap(_derive(shared, algorithm, user_material), wrapped)
    except (InvalidUnwrap, ValueError):
        return None


def originator_algorithm(key: AgreementPublicKey) -> cms.Algorithm:
    """What an originator's key is written with (RFC 5753 3.1.1: parameters absent, RFC 8418 3.1)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return cms.Algorithm(EC_PUBLIC_KEY)
    return cms.Algorithm(X25519 if isinstance(key, x25519.X25519PublicKey) else X448)


def read_originator(private: AgreementPrivateKey, algorithm: cms.Algorithm, bits: bytes) -> AgreementPublicKey:
    """The originator's key, on the recipient's curve; raises Refused(MALFORMED)."""
    try:
        if isinstance(private, ec.EllipticCurvePrivateKey) and algorithm.oid == EC_PUBLIC_KEY:
            return ec.EllipticCurvePublicKey.from_encoded_point(private.curve, bits)
        if isinstance(private, x25519.X25519PrivateKey) and algorithm.oid == X25519:
            return x25519.X25519PublicKey.from_public_bytes(bits)
        if isinstance(private, x448.X448PrivateKey) and algorithm.oid == X448:
            return x448.X448PublicKey.from_public_bytes(bits)
    except ValueError:
        pass
    raise Refused(Reason.MALFORMED, "the originator's key does not fit the recipient's")


def agree(private: AgreementPrivateKey, public: AgreementPublicKey) -> bytes:
    """The secret that two keys share.

    Raises Refused: MALFORMED for keys that are not of the same kind and curve, ALGORITHM_REFUSED for a private key in
    a token that does nothing but sign.
    """
    try:
        if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(public, ec.EllipticCurvePublicKey):
            return private.exchange(ec.ECDH(), public)
        if isinstance(private, x25519.X25519PrivateKey) and isinstance(public, x25519.X25519PublicKey):
            return private.exchange(public)
        if isinstance(private, x448.X448PrivateKey) and isinstance(public, x448.X448PublicKey):
            return private.exchange(public)
    except ValueError:
        pass
    except UnsupportedAlgorithm:
        raise Refused(Reason.ALGORITHM_REFUSED, "the recipient's key agrees on no secrets") from None
    raise Refused(Reason.MALFORMED, "the keys are not of one kind")


def _derive(shared: bytes, algorithm: cms.Algorithm, user_material: bytes | None) -> bytes:
    """The key-encryption key (RFC 5753 7.2: ECC-CMS-SharedInfo)."""
    if algorithm.oid not in _SCHEMES or algorithm.parameters is None:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the key agreement {algorithm.oid} is not known")
    size = _WRAPS.get(cms.read_algorithm(algorithm.parameters).oid)
    if size is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "the key wrap is not known")
    info = der.sequence(
        algorithm.parameters,
        b"" if user_material is None else der.explicit(0, der.octet_string(user_material)),
        der.explicit(2, der.octet_string((size * 8).to_bytes(4, "big"))),
    )
    function, digest = _SCHEMES[algorithm.oid]
    hash_: hashes.HashAlgorithm = hash_of(digest)
    if function == "hkdf":
        return HKDF(hash_, size, None, info).derive(shared)
    return X963KDF(hash_, size, info).derive(shared)
