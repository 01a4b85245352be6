"""Tests of the names of key algorithms."""

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from emca_daemon.errors import Reason, Refused
from emca_daemon.signers import algorithms


@pytest.mark.parametrize("name", [name for name in algorithms.ALGORITHMS if not name.startswith("rsa-")])
def test_a_name_makes_a_key_of_that_name(name: str) -> None:
    """Both ways."""
    assert algorithms.algorithm_of(algorithms.generate(name).public_key()) == name


def test_rsa_keys_have_the_size_in_their_name() -> None:
    """Multiples of 1024 from 2048 to 8192."""
    key = algorithms.generate("rsa-2048")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert algorithms.algorithm_of(key.public_key()) == "rsa-2048"
    assert [algorithms.rsa_size(f"rsa-{size}") for size in (3072, 4096, 8192)] == [3072, 4096, 8192]
    assert algorithms.rsa_size("p-256") is None


@pytest.mark.parametrize("name", ["", "rsa-", "rsa-1024", "rsa-9216", "rsa-02048", "RSA-2048", "p-192", "x" * 1000])
def test_other_names_are_refused(name: str) -> None:
    """With the list of those that exist."""
    with pytest.raises(Refused) as refusal:
        algorithms.generate(name)
    assert refusal.value.reason is Reason.ALGORITHM_REFUSED
    assert "ml-dsa-87" in refusal.value.detail
    assert len(refusal.value.detail) < 300


def test_keys_of_other_kinds_have_no_name() -> None:
    """DSA and curves that nobody asked for."""
    for key in (dsa.generate_private_key(1024).public_key(), ec.generate_private_key(ec.SECP256K1()).public_key()):
        with pytest.raises(Refused):
            algorithms.algorithm_of(key)
