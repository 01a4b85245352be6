"""Signatures of others."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from emca_daemon.asn1 import der
from emca_daemon.asn1.signature_algorithms import hash_of, is_signature, verify_signature
from emca_daemon.asn1.values import Algorithm
from emca_daemon.errors import Reason, Refused

DATA = b"what is signed"
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL)
SHA512 = der.sequence(der.oid("2.16.840.1.101.3.4.2.3"), der.NULL)


def pss(
    hash_algorithm: bytes = SHA256, mask: bytes = SHA256, salt: int = 32, mgf: str = "1.2.840.113549.1.1.8"
) -> Algorithm:
    """RSASSA-PSS with these parameters."""
    parameters = der.sequence(
        der.explicit(0, hash_algorithm) if hash_algorithm else b"",
        der.explicit(1, der.sequence(der.oid(mgf), mask)) if mask else b"",
        der.explicit(2, der.integer(salt)),
    )
    return Algorithm("1.2.840.113549.1.1.10", parameters)


def over_shake(oid: str, digest: hashes.HashAlgorithm, as_long: hashes.HashAlgorithm) -> tuple[Algorithm, bytes]:
    """ECDSA over a SHAKE (RFC 8692)."""
    hashed = hashes.Hash(digest)
    hashed.update(DATA)
    return Algorithm(oid), EC.sign(hashed.finalize(), ec.ECDSA(Prehashed(as_long)))


CASES: list[tuple[str, Any, Algorithm, bytes]] = [
    ("ecdsa-with-SHA256", EC, Algorithm("1.2.840.10045.4.3.2"), EC.sign(DATA, ec.ECDSA(hashes.SHA256()))),
    (
        "sha256WithRSAEncryption",
        RSA,
        Algorithm("1.2.840.113549.1.1.11", der.NULL),
        RSA.sign(DATA, padding.PKCS1v15(), hashes.SHA256()),
    ),
    (
        "RSASSA-PSS-SHA256",
        RSA,
        pss(),
        RSA.sign(DATA, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    ),
]
CASES += [
    ("ecdsa-with-shake128", EC, *over_shake("1.3.6.1.5.5.7.6.32", hashes.SHAKE128(32), hashes.SHA256())),
    ("ecdsa-with-shake256", EC, *over_shake("1.3.6.1.5.5.7.6.33", hashes.SHAKE256(64), hashes.SHA512())),
]
for _name, _oid, _key in (
    ("ed25519", "1.3.101.112", ed25519.Ed25519PrivateKey.generate()),
    ("ed448", "1.3.101.113", ed448.Ed448PrivateKey.generate()),
    ("ml-dsa-44", "2.16.840.1.101.3.4.3.17", mldsa.MLDSA44PrivateKey.generate()),
):
    CASES.append((_name, _key, Algorithm(_oid), _key.sign(DATA)))


@pytest.mark.parametrize(("name", "key", "algorithm", "signature"), CASES, ids=[case[0] for case in CASES])
def test_each_kind_is_verified(name: str, key: Any, algorithm: Algorithm, signature: bytes) -> None:
    """A right one gives its name, a wrong one and a foreign key are refused."""
    assert is_signature(algorithm.oid)
    assert verify_signature(key.public_key(), algorithm, signature, DATA) == name
    with pytest.raises(Refused) as refusal:
        verify_signature(key.public_key(), algorithm, signature, DATA + b"!")
    assert refusal.value.reason is Reason.BAD_INTEGRITY
    other = RSA if key is not RSA else EC
    with pytest.raises(Refused) as refusal:
        verify_signature(other.public_key(), algorithm, signature, DATA)
    assert refusal.value.reason is Reason.KEY_REFUSED


@pytest.mark.parametrize(
    "algorithm",
    [
        Algorithm("1.2.840.10045.4.1"),
        Algorithm("1.2.3"),
        pss(b""),
        pss(mask=b""),
        pss(mgf="1.2.3"),
        pss(salt=-1),
        pss(der.sequence(der.oid("1.3.14.3.2.26"))),
        pss(mask=der.sequence(der.oid("1.3.14.3.2.26"))),
    ],
)
def test_what_is_not_accepted(algorithm: Algorithm) -> None:
    """SHA-1, what is unknown, and PSS with parameters that nobody should use."""
    with pytest.raises(Refused) as refusal:
        verify_signature(RSA.public_key(), algorithm, b"x", DATA)
    assert refusal.value.reason is Reason.ALGORITHM_REFUSED


def test_broken_parameters_are_malformed() -> None:
    """PSS without parameters."""
    with pytest.raises(Refused) as refusal:
        verify_signature(RSA.public_key(), Algorithm("1.2.840.113549.1.1.10"), b"x", DATA)
    assert refusal.value.reason is Reason.MALFORMED


def test_huge_keys_are_not_looked_at() -> None:
    """The cost grows with the cube of the size."""
    huge = rsa.RSAPublicNumbers(65537, (1 << 16_500) + 1).public_key()
    with pytest.raises(Refused, match="16384"):
        verify_signature(huge, Algorithm("1.2.840.113549.1.1.11", der.NULL), b"x", DATA)


def test_what_the_library_cannot_do_is_refused() -> None:
    """A PSS salt that does not fit the key."""
    small = rsa.RSAPublicNumbers(65537, (1 << 511) + 1).public_key()
    with pytest.raises(Refused) as refusal:
        verify_signature(small, pss(SHA512, SHA512, 1000), bytes(64), DATA)
    assert refusal.value.reason is Reason.BAD_INTEGRITY


def test_hashes() -> None:
    """By the algorithm, or none of its own."""
    assert isinstance(hash_of(Algorithm("1.2.840.10045.4.3.3")), hashes.SHA384)
    assert isinstance(hash_of(Algorithm("1.2.840.113549.1.1.13")), hashes.SHA512)
    assert isinstance(hash_of(pss()), hashes.SHA256)
    assert hash_of(Algorithm("1.3.101.112")) is None
    assert not is_signature("1.2.3")
