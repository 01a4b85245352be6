"""Keys made for clients."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from emca_daemon.ca.client_keys import algorithm_of, generate, private_bytes, public_bytes
from emca_daemon.settings.est import ALGORITHMS


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "rsa-4096"])
def test_each_kind_is_what_it_is_called(algorithm: str) -> None:
    """And is read again from PKCS #8."""
    key = generate(algorithm)
    assert algorithm_of(public_bytes(key)) == algorithm
    assert load_der_private_key(private_bytes(key), None).public_key() == key.public_key()


def test_other_keys_have_no_name() -> None:
    """Neither other kinds and curves, nor what cannot be read."""
    others = (x25519.X25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1()))
    for key in others:
        assert algorithm_of(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)) == ""
    assert algorithm_of(b"0") == ""
