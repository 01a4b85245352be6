"""Signatures in attestations."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding

from emca_daemon.protocols.acme.attestation.signatures import check_signature
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support.attester import new_key, rsa_key, signed


def test_every_kind_of_key() -> None:
    """RSA in both ways, EC by its size, Ed25519."""
    key, small, large = rsa_key(), ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())
    sha = hashes.SHA256()
    check_signature(key.public_key(), signed(key, b"data"), b"data")
    pss = key.sign(b"data", padding.PSS(padding.MGF1(sha), 32), sha)
    check_signature(key.public_key(), pss, b"data", sha, pss=True)
    check_signature(new_key().public_key(), signed(new_key(), b"data"), b"data")
    check_signature(large.public_key(), large.sign(b"data", ec.ECDSA(hashes.SHA384())), b"data")
    check_signature(large.public_key(), large.sign(b"data", ec.ECDSA(sha)), b"data", sha)
    check_signature(small.public_key(), small.sign(b"data"), b"data")


def test_wrong_signatures() -> None:
    """Other data, garbage, another kind of key."""
    for key in (rsa_key(), new_key()):
        for signature in (signed(key, b"other"), b"garbage", b""):
            with pytest.raises(AcmeRefusal):
                check_signature(key.public_key(), signature, b"data")
    other = ed448.Ed448PrivateKey.generate()
    with pytest.raises(AcmeRefusal):
        check_signature(other.public_key(), other.sign(b"data"), b"data")
