"""Signatures over raw bytes."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from emca_daemon.ca.signatures import algorithm_identifier, hash_of, rsa_padding, sign, verify
from emca_daemon.errors import Reason, Refused

RSA = rsa.generate_private_key(65537, 2048)
KEYS: dict[str, tuple[CertificateIssuerPrivateKeyTypes, bool]] = {
    "rsa": (RSA, False),
    "rsa-pss": (RSA, True),
    "p-256": (ec.generate_private_key(ec.SECP256R1()), False),
    "p-384": (ec.generate_private_key(ec.SECP384R1()), False),
    "p-521": (ec.generate_private_key(ec.SECP521R1()), False),
    "ed25519": (ed25519.Ed25519PrivateKey.generate(), False),
    "ed448": (ed448.Ed448PrivateKey.generate(), False),
    "ml-dsa-44": (mldsa.MLDSA44PrivateKey.generate(), False),
    "ml-dsa-65": (mldsa.MLDSA65PrivateKey.generate(), False),
    "ml-dsa-87": (mldsa.MLDSA87PrivateKey.generate(), False),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_signature_verifies_and_a_changed_message_does_not(name: str) -> None:
    """What is signed verifies; anything else is refused."""
    key, pss = KEYS[name]
    signature = sign(key, b"message", pss)
    verify(key.public_key(), signature, b"message", pss)
    with pytest.raises(Refused) as refused:
        verify(key.public_key(), signature, b"massage", pss)
    assert refused.value.reason is Reason.BAD_INTEGRITY


@pytest.mark.parametrize("name", KEYS)
def test_the_identifier_is_the_one_that_the_builders_write(name: str) -> None:
    """Our AlgorithmIdentifier is byte for byte that of the library's own CSR builder."""
    key, pss = KEYS[name]
    assert not isinstance(key, dsa.DSAPrivateKey)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    padding = rsa_padding(pss) if isinstance(key, rsa.RSAPrivateKey) else None
    builder = x509.CertificateSigningRequestBuilder(subject)
    csr = builder.sign(key, hash_of(key.public_key()), rsa_padding=padding)
    assert csr.tbs_certrequest_bytes + algorithm_identifier(key.public_key(), pss) in csr.public_bytes(Encoding.DER)


def test_keys_that_no_certificate_is_signed_with_are_refused() -> None:
    """DSA keys and unknown curves sign nothing."""
    key = dsa.generate_private_key(2048)
    for attempt in (
        lambda: algorithm_identifier(key.public_key()),
        lambda: sign(key, b"m"),
        lambda: verify(key.public_key(), b"s", b"m"),
        lambda: algorithm_identifier(ec.generate_private_key(ec.SECP256K1()).public_key()),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.reason is Reason.ALGORITHM_REFUSED
