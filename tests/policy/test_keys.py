"""The facts of public keys."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, mlkem, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.keys import key_facts, key_fingerprint
from emca_daemon.policy.weak_keys import WeakKeys

RSA = rsa.generate_private_key(65537, 2048).public_key()
P256 = ec.generate_private_key(ec.SECP256R1()).public_key()

KINDS = [
    (RSA, "rsa", "", 2048, 65537),
    (P256, "ec", "p-256", 256, 0),
    (ec.generate_private_key(ec.SECP384R1()).public_key(), "ec", "p-384", 384, 0),
    (ec.generate_private_key(ec.SECP521R1()).public_key(), "ec", "p-521", 521, 0),
    (ed25519.Ed25519PrivateKey.generate().public_key(), "ed25519", "", 256, 0),
    (ed448.Ed448PrivateKey.generate().public_key(), "ed448", "", 456, 0),
    (mldsa.MLDSA44PrivateKey.generate().public_key(), "ml-dsa", "ml-dsa-44", 10496, 0),
    (mldsa.MLDSA65PrivateKey.generate().public_key(), "ml-dsa", "ml-dsa-65", 15616, 0),
    (mldsa.MLDSA87PrivateKey.generate().public_key(), "ml-dsa", "ml-dsa-87", 20736, 0),
    (x25519.X25519PrivateKey.generate().public_key(), "x25519", "", 256, 0),
    (x448.X448PrivateKey.generate().public_key(), "x448", "", 448, 0),
    (mlkem.MLKEM768PrivateKey.generate().public_key(), "ml-kem", "ml-kem-768", 1184 * 8, 0),
    (mlkem.MLKEM1024PrivateKey.generate().public_key(), "ml-kem", "ml-kem-1024", 1568 * 8, 0),
]


@pytest.mark.parametrize(("key", "algorithm", "parameter", "bits", "exponent"), KINDS)
def test_each_kind_of_key_is_told(
    key: CertificatePublicKeyTypes, algorithm: str, parameter: str, bits: int, exponent: int
) -> None:
    """Algorithm, parameter, size and exponent of every kind that is certified."""
    facts = key_facts(key)
    assert (facts.algorithm, facts.parameter, facts.bits, facts.exponent) == (algorithm, parameter, bits, exponent)
    assert facts.public_key is key
    assert facts.weaknesses == ()


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ec.generate_private_key(ec.BrainpoolP256R1()).public_key(),
    ],
)
def test_other_kinds_are_refused(key: CertificatePublicKeyTypes) -> None:
    """Curves that we do not know are none to certify keys on."""
    with pytest.raises(Refused) as refusal:
        key_facts(key)
    assert refusal.value.reason is Reason.KEY_REFUSED


def test_dsa_is_refused() -> None:
    """DSA is certified nowhere."""
    with pytest.raises(Refused) as refusal:
        key_facts(dsa.generate_private_key(1024).public_key())
    assert refusal.value.reason is Reason.KEY_REFUSED


def test_the_fingerprint_is_that_of_the_public_key_info() -> None:
    """SHA-256 over the SubjectPublicKeyInfo."""
    der = P256.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key_fingerprint(P256) == hashlib.sha256(der).digest() == key_facts(P256).fingerprint


def test_a_list_of_known_keys_is_asked() -> None:
    """A key on the list is weak, whatever its arithmetic."""
    known = WeakKeys([key_fingerprint(P256)])
    assert key_facts(P256, known).weaknesses == ("the private key is publicly known",)
    assert key_facts(RSA, known).weaknesses == ()


def test_a_weak_modulus_is_told_in_the_facts() -> None:
    """The arithmetic tests run without a list, too."""
    prime = 2**521 - 1
    facts = key_facts(rsa.RSAPublicNumbers(65537, prime * 2**1527 - prime).public_key())
    assert facts.weaknesses != ()
