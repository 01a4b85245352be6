"""Tests of encrypted private key files."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.signers import pkcs8
from emca_daemon.signers.algorithms import ALGORITHMS, algorithm_of, generate

PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)


def counted(size: int) -> bytes:
    """Octets that a test can foresee."""
    return bytes(range(size))


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if not name.startswith("rsa-")] + ["rsa-2048"])
def test_what_was_sealed_opens(algorithm: str) -> None:
    """With its passphrase, for every kind of key."""
    key = generate(algorithm)
    opened = pkcs8.unseal(pkcs8.seal(key, b"word", counted), b"word")
    assert opened.public_key() == key.public_key()
    assert algorithm_of(opened.public_key()) == algorithm


def test_it_is_scrypt_and_pem() -> None:
    """The derivation is the expensive one, and lines have at most 64 characters."""
    text = pkcs8.seal(generate("p-256"), b"word", counted)
    assert max(map(len, text.splitlines())) == 64
    assert text.endswith(b"-----END ENCRYPTED PRIVATE KEY-----\n")
    body = b"".join(text.splitlines()[1:-1])
    assert bytes.fromhex("2b06010401da47040b") in base64.b64decode(body)


def test_another_passphrase_opens_nothing() -> None:
    """And nothing of either is said."""
    text = pkcs8.seal(generate("p-256"), b"word", counted)
    with pytest.raises(pkcs8.NotOpened) as problem:
        pkcs8.unseal(text, b"other")
    assert problem.value.__cause__ is None
    assert "word" not in str(problem.value)


def test_plain_and_foreign_keys_do_not_open() -> None:
    """Unencrypted keys, and keys that sign no certificates."""
    plain = ec.generate_private_key(ec.SECP256R1()).private_bytes(*PKCS8, serialization.NoEncryption())
    with pytest.raises(pkcs8.NotOpened):
        pkcs8.unseal(plain, b"word")
    for key in (dsa.generate_private_key(1024), x25519.X25519PrivateKey.generate()):
        text = key.private_bytes(*PKCS8, serialization.BestAvailableEncryption(b"word"))
        with pytest.raises(pkcs8.NotOpened, match="no certificates"):
            pkcs8.unseal(text, b"word")


@given(st.binary(max_size=200))
def test_anything_else_does_not_open(text: bytes) -> None:
    """Any octets give the one refusal."""
    with pytest.raises(pkcs8.NotOpened):
        pkcs8.unseal(text, b"word")
    with pytest.raises(pkcs8.NotOpened):
        pkcs8.unseal(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + text + b"\n-----END ENCRYPTED PRIVATE KEY-----", b"x")
