"""Which signature a SignerInfo holds, checked and made (RFC 3370 3, RFC 4056, RFC 5753, RFC 8419, RFC 9882)."""

from collections.abc import Collection

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)

from emca_daemon.asn1 import ber, cms, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS, digest_name, hash_of
from emca_daemon.errors import Reason, Refused

MAXIMUM_RSA_BITS = 16_384
"""The largest RSA key whose signature is verified: the cost grows with the cube of it."""

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_TRAILER = (0xA3, b"\x01")
"""The only trailer field there is (RFC 4055 3.1)."""
_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_WITH_DIGEST = {
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_ECDSA = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
_PureKey = (
    ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
)
PURE_PUBLIC_KEYS = (
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
    mldsa.MLDSA44PublicKey,
    mldsa.MLDSA65PublicKey,
    mldsa.MLDSA87PublicKey,
)
PURE_PRIVATE_KEYS = (
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    mldsa.MLDSA44PrivateKey,
    mldsa.MLDSA65PrivateKey,
    mldsa.MLDSA87PrivateKey,
)
"""Keys that sign the message itself, not a digest that is chosen."""
_PURE: tuple[tuple[type[_PureKey], str], ...] = (
    (ed25519.Ed25519PublicKey, "1.3.101.112"),
    (ed448.Ed448PublicKey, "1.3.101.113"),
    (mldsa.MLDSA44PublicKey, "2.16.840.1.101.3.4.3.17"),
    (mldsa.MLDSA65PublicKey, "2.16.840.1.101.3.4.3.18"),
    (mldsa.MLDSA87PublicKey, "2.16.840.1.101.3.4.3.19"),
)


def verify(
    key: CertificatePublicKeyTypes,
    algorithm: cms.Algorithm,
    digest: str,
    signature: bytes,
    data: bytes,
    allowed: Collection[str],
) -> None:
    """Check a signature over `data`; `digest` is the SignerInfo's, for algorithms that leave it open.

    Raises Refused: ALGORITHM_REFUSED for what is not known, not `allowed` or not for such a key, BAD_INTEGRITY where
    the signature is wrong.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey):
            _verify_rsa(key, algorithm, digest, signature, data, allowed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            with_digest = digest if algorithm.oid == _EC_PUBLIC_KEY else _digest_of(algorithm, "ecdsa")
            key.verify(signature, data, ec.ECDSA(hash_of(permitted(with_digest, allowed))))
        else:
            _pure_key(key, algorithm).verify(signature, data)
    except InvalidSignature:
        raise Refused(Reason.BAD_INTEGRITY, "the signature is wrong") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused(Reason.ALGORITHM_REFUSED, "a signature of this kind cannot be verified") from error


def permitted(digest: str, allowed: Collection[str]) -> str:
    """The digest itself; raises Refused(ALGORITHM_REFUSED) unless it is allowed."""
    if digest not in allowed:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the digest {digest} is not allowed here")
    return digest


def _verify_rsa(
    key: rsa.RSAPublicKey,
    algorithm: cms.Algorithm,
    digest: str,
    signature: bytes,
    data: bytes,
    allowed: Collection[str],
) -> None:
    if key.key_size > MAXIMUM_RSA_BITS:
        raise Refused(Reason.ALGORITHM_REFUSED, f"an RSA key of more than {MAXIMUM_RSA_BITS} bits is not looked at")
    if algorithm.oid == RSASSA_PSS:
        name, salt = read_pss_parameters(algorithm.parameters)
        hash_ = hash_of(permitted(name, allowed))
        key.verify(signature, data, padding.PSS(padding.MGF1(hash_), salt), hash_)
        return
    name = digest if algorithm.oid == RSA_ENCRYPTION else _digest_of(algorithm, "rsa")
    key.verify(signature, data, padding.PKCS1v15(), hash_of(permitted(name, allowed)))


def _digest_of(algorithm: cms.Algorithm, family: str) -> str:
    """The digest that the algorithm's own identifier names."""
    rsa_algorithm = algorithm.oid.startswith("1.2.840.113549.")
    if algorithm.oid not in _WITH_DIGEST or rsa_algorithm != (family == "rsa"):
        raise Refused(Reason.ALGORITHM_REFUSED, f"{algorithm.oid} is no signature with a key of this kind")
    return _WITH_DIGEST[algorithm.oid]


def _pure_key(key: CertificatePublicKeyTypes, algorithm: cms.Algorithm) -> _PureKey:
    for kind, oid in _PURE:
        if isinstance(key, kind) and algorithm.oid == oid:
            return key
    raise Refused(Reason.ALGORITHM_REFUSED, f"{algorithm.oid} is no signature with a key of this kind")


def read_pss_parameters(parameters: bytes | None) -> tuple[str, int]:
    """Digest and salt length of RSASSA-PSS-params (RFC 4055 3.1); the mask must be made with the same digest."""
    digest, mask, salt = "sha1", "sha1", 20
    for part in ber.elements(ber.element(parameters or der.sequence()).content, 4):
        inner = ber.element(part.content)
        if part.tag == 0xA0:
            digest = digest_name(cms.read_algorithm(inner.encoded).oid)
        elif part.tag == 0xA1:
            mask = mask_digest(inner.encoded)
        elif part.tag == 0xA2:
            salt = int.from_bytes(inner.content[:4])
        elif (part.tag, inner.content) != _TRAILER:
            raise Refused(Reason.ALGORITHM_REFUSED, "such parameters of RSASSA-PSS are not supported")
    if digest != mask or salt > 512:
        raise Refused(Reason.ALGORITHM_REFUSED, "such parameters of RSASSA-PSS are not supported")
    return digest, salt


def mask_digest(encoded: bytes) -> str:
    """The digest of MGF1 (RFC 4055 2.2) from the mask generation AlgorithmIdentifier; raises Refused."""
    algorithm = cms.read_algorithm(encoded)
    if algorithm.oid != _MGF1 or algorithm.parameters is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "the only mask generation function is MGF1")
    return digest_name(cms.read_algorithm(algorithm.parameters).oid)


def mask_algorithm(digest: str) -> cms.Algorithm:
    """MGF1 with a digest (RFC 4055 2.2)."""
    return cms.Algorithm(_MGF1, cms.write_algorithm(cms.Algorithm(DIGEST_OIDS[digest], der.NULL)))


def sign(
    key: CertificateIssuerPrivateKeyTypes, digest: str, data: bytes, *, pss: bool = False
) -> tuple[cms.Algorithm, bytes]:
    """Sign `data`: the signatureAlgorithm to write, and the signature.

    RSA without PSS is written as rsaEncryption, the form that every reader knows (RFC 3370 3.2). Raises
    Refused(UNAVAILABLE) when the key cannot be reached, ALGORITHM_REFUSED for a key that signs no messages.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        hash_ = hash_of(digest)
        if pss:
            salt = hash_.digest_size
            return _pss_algorithm(digest, salt), key.sign(data, padding.PSS(padding.MGF1(hash_), salt), hash_)
        return cms.Algorithm(RSA_ENCRYPTION, der.NULL), key.sign(data, padding.PKCS1v15(), hash_)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return cms.Algorithm(_ECDSA[digest]), key.sign(data, ec.ECDSA(hash_of(digest)))
    if isinstance(key, dsa.DSAPrivateKey):
        raise Refused(Reason.ALGORITHM_REFUSED, "DSA keys sign nothing here")
    public = key.public_key()
    oid = next(oid for kind, oid in _PURE if isinstance(public, kind))
    return cms.Algorithm(oid), key.sign(data)


def _pss_algorithm(digest: str, salt: int) -> cms.Algorithm:
    hash_algorithm = cms.write_algorithm(cms.Algorithm(DIGEST_OIDS[digest], der.NULL))
    return cms.Algorithm(
        RSASSA_PSS,
        der.sequence(
            der.explicit(0, hash_algorithm),
            der.explicit(1, cms.write_algorithm(mask_algorithm(digest))),
            der.explicit(2, der.integer(salt)),
        ),
    )
