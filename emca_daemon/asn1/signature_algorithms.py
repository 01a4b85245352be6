"""Signatures of others, by their AlgorithmIdentifier: RSA (PKCS #1 and PSS), ECDSA, EdDSA, ML-DSA (RFC 9481 3)."""

from collections.abc import Mapping
from typing import Annotated

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded
from emca_daemon.errors import Reason, Refused

MAXIMUM_RSA_BITS = 16_384
"""The largest RSA key whose signature is verified: the cost grows with the cube of it."""

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
    "2.16.840.1.101.3.4.2.4": hashes.SHA224(),
    "2.16.840.1.101.3.4.2.8": hashes.SHA3_256(),
    "2.16.840.1.101.3.4.2.9": hashes.SHA3_384(),
    "2.16.840.1.101.3.4.2.10": hashes.SHA3_512(),
}
"""The hashes of SHA-2 and SHA-3, by their identifiers."""

_RSA: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "1.2.840.113549.1.1.11": ("sha256WithRSAEncryption", hashes.SHA256()),
    "1.2.840.113549.1.1.12": ("sha384WithRSAEncryption", hashes.SHA384()),
    "1.2.840.113549.1.1.13": ("sha512WithRSAEncryption", hashes.SHA512()),
    "1.2.840.113549.1.1.14": ("sha224WithRSAEncryption", hashes.SHA224()),
    "2.16.840.1.101.3.4.3.14": ("sha3-256WithRSAEncryption", hashes.SHA3_256()),
    "2.16.840.1.101.3.4.3.15": ("sha3-384WithRSAEncryption", hashes.SHA3_384()),
    "2.16.840.1.101.3.4.3.16": ("sha3-512WithRSAEncryption", hashes.SHA3_512()),
}
_ECDSA: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "1.2.840.10045.4.3.1": ("ecdsa-with-SHA224", hashes.SHA224()),
    "1.2.840.10045.4.3.2": ("ecdsa-with-SHA256", hashes.SHA256()),
    "1.2.840.10045.4.3.3": ("ecdsa-with-SHA384", hashes.SHA384()),
    "1.2.840.10045.4.3.4": ("ecdsa-with-SHA512", hashes.SHA512()),
    "2.16.840.1.101.3.4.3.10": ("ecdsa-with-SHA3-256", hashes.SHA3_256()),
    "2.16.840.1.101.3.4.3.11": ("ecdsa-with-SHA3-384", hashes.SHA3_384()),
    "2.16.840.1.101.3.4.3.12": ("ecdsa-with-SHA3-512", hashes.SHA3_512()),
}
_ECDSA_OVER_SHAKE: dict[str, tuple[str, hashes.SHAKE128 | hashes.SHAKE256, hashes.HashAlgorithm]] = {
    "1.3.6.1.5.5.7.6.32": ("ecdsa-with-shake128", hashes.SHAKE128(32), hashes.SHA256()),
    "1.3.6.1.5.5.7.6.33": ("ecdsa-with-shake256", hashes.SHAKE256(64), hashes.SHA512()),
}
"""Each with a hash of as many octets: the library takes no other for a digest that was computed before (RFC 8692)."""
_ByItself = (
    ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
)
_BY_THEMSELVES: dict[str, tuple[str, type[_ByItself]]] = {
    "1.3.101.112": ("ed25519", ed25519.Ed25519PublicKey),
    "1.3.101.113": ("ed448", ed448.Ed448PublicKey),
    "2.16.840.1.101.3.4.3.17": ("ml-dsa-44", mldsa.MLDSA44PublicKey),
    "2.16.840.1.101.3.4.3.18": ("ml-dsa-65", mldsa.MLDSA65PublicKey),
    "2.16.840.1.101.3.4.3.19": ("ml-dsa-87", mldsa.MLDSA87PublicKey),
}
_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_OUTDATED = frozenset({"1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"})


@asn1.sequence
class _Wrapped:
    """Any one value under an explicit tag."""

    value: asn1.TLV


@asn1.sequence
class _PssParameters:
    hash_algorithm: Annotated[_Wrapped | None, asn1.Implicit(0)]
    mask_generation: Annotated[_Wrapped | None, asn1.Implicit(1)]
    salt_length: Annotated[int, asn1.Explicit(2), asn1.Default(20)]
    trailer: Annotated[int, asn1.Explicit(3), asn1.Default(1)]


def is_signature(oid: str) -> bool:
    """Whether the OID is that of a signature, be it one that is refused here."""
    known = (_RSA, _ECDSA, _ECDSA_OVER_SHAKE, _BY_THEMSELVES, _OUTDATED)
    return oid == _PSS or any(oid in some for some in known)


def hash_of(signature: Algorithm) -> hashes.HashAlgorithm | None:
    """The hash that a signature of that algorithm is over; None where it has none of its own; raises Refused."""
    if signature.oid == _PSS:
        return _pss(signature)[0]
    known = _RSA.get(signature.oid) or _ECDSA.get(signature.oid)
    return known[1] if known else None


def verify_signature(key: PublicKeyTypes, signed_with: Algorithm, signature: bytes, data: bytes) -> str:
    """The name of the algorithm, once the signature was found right.

    Raises Refused: ALGORITHM_REFUSED for algorithms that are unknown or outdated, KEY_REFUSED where key and algorithm
    do not belong together, BAD_INTEGRITY where the signature is wrong.
    """
    try:
        return _verify(key, signed_with, signature, data)
    except InvalidSignature:
        raise Refused(Reason.BAD_INTEGRITY, "the signature does not verify") from None
    except (UnsupportedAlgorithm, ValueError) as error:
        raise Refused(Reason.BAD_INTEGRITY, "the signature cannot be verified with this key") from error


def _verify(key: PublicKeyTypes, signed_with: Algorithm, signature: bytes, data: bytes) -> str:
    oid = signed_with.oid
    if oid == _PSS or oid in _RSA:
        return _verify_rsa(key, signed_with, signature, data)
    if oid in _ECDSA:
        name, chosen = _ECDSA[oid]
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise _mismatch(name)
        key.verify(signature, data, ec.ECDSA(chosen))
        return name
    if oid in _ECDSA_OVER_SHAKE:
        return _verify_over_shake(key, oid, signature, data)
    if oid in _BY_THEMSELVES:
        name, kind = _BY_THEMSELVES[oid]
        if not isinstance(key, kind):
            raise _mismatch(name)
        key.verify(signature, data)
        return name
    raise Refused(Reason.ALGORITHM_REFUSED, f"signatures of the algorithm {oid} are not accepted")


def _verify_over_shake(key: PublicKeyTypes, oid: str, signature: bytes, data: bytes) -> str:
    name, shake, as_long = _ECDSA_OVER_SHAKE[oid]
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _mismatch(name)
    digest = hashes.Hash(shake)
    digest.update(data)
    key.verify(signature, digest.finalize(), ec.ECDSA(Prehashed(as_long)))
    return name


def _verify_rsa(key: PublicKeyTypes, signed_with: Algorithm, signature: bytes, data: bytes) -> str:
    if not isinstance(key, rsa.RSAPublicKey):
        raise _mismatch("RSA")
    if key.key_size > MAXIMUM_RSA_BITS:
        raise Refused(Reason.KEY_REFUSED, f"an RSA key of more than {MAXIMUM_RSA_BITS} bits is not looked at")
    if signed_with.oid == _PSS:
        chosen, mask, salt = _pss(signed_with)
        key.verify(signature, data, padding.PSS(padding.MGF1(mask), salt), chosen)
        return f"RSASSA-PSS-{chosen.name.upper()}"
    name, chosen = _RSA[signed_with.oid]
    key.verify(signature, data, padding.PKCS1v15(), chosen)
    return name


def _mismatch(name: str) -> Refused:
    return Refused(Reason.KEY_REFUSED, f"{name} does not go with the key")


def _pss(signed_with: Algorithm) -> tuple[hashes.HashAlgorithm, hashes.HashAlgorithm, int]:
    """Hash, mask hash and length of the salt (RFC 4055 3.1); the defaults are SHA-1's and therefore refused."""
    read = decoded(_PssParameters, signed_with.parameters or b"", "RSASSA-PSS-params")
    if read.hash_algorithm is None or read.mask_generation is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "RSASSA-PSS with SHA-1 is not accepted")
    mask = algorithm(encoded(read.mask_generation.value))
    if mask.oid != _MGF1 or read.trailer != 1 or not 0 <= read.salt_length <= 1024:
        raise Refused(Reason.ALGORITHM_REFUSED, "RSASSA-PSS with these parameters is not accepted")
    over = algorithm(encoded(read.hash_algorithm.value))
    chosen = HASHES.get(over.oid), HASHES.get(algorithm(mask.parameters or b"").oid)
    if chosen[0] is None or chosen[1] is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "RSASSA-PSS with this hash is not accepted")
    return chosen[0], chosen[1], read.salt_length
