"""Keys made for clients."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

from emca_daemon.ca.client_keys import generate, private_bytes
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.generated_keys import choose, with_key
from emca_daemon.settings.est import ALGORITHMS
from tests.support.est_world import request


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "rsa-4096"])
def test_a_request_is_made_anew_with_each_kind_of_key(algorithm: str) -> None:
    """Names and attributes stay, key and signature are new and fit; the key is read again from PKCS #8."""
    key = generate(algorithm)
    csr = x509.load_der_x509_csr(with_key(request(None, "device-1", "a.example"), key))
    assert csr.is_signature_valid
    assert csr.public_key() == key.public_key()
    assert csr.subject.rfc4514_string() == "CN=device-1"
    assert len(csr.extensions) == 1
    assert choose((algorithm,), csr.public_bytes(Encoding.DER)) == algorithm
    assert load_der_private_key(private_bytes(key), None).public_key() == key.public_key()


def test_the_kind_of_the_request_is_kept_where_it_is_offered() -> None:
    """Else it is the first."""
    name = x509.Name.from_rfc4514_string("CN=a")
    builder = x509.CertificateSigningRequestBuilder(name)
    by_rsa = builder.sign(rsa.generate_private_key(65537, 2048), hashes.SHA256()).public_bytes(Encoding.DER)
    by_edwards = builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.DER)
    offered = ("p-384", "rsa-2048", "p-256")
    assert [choose(offered, csr) for csr in (by_rsa, request(), by_edwards)] == ["rsa-2048", "p-256", "p-384"]


def test_a_key_of_the_request_that_cannot_be_read_does_not_matter() -> None:
    """It is not used."""
    csr = request().replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f"))
    assert choose(("p-256",), csr) == "p-256"
    assert x509.load_der_x509_csr(with_key(csr, generate("p-256"))).is_signature_valid


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x30\x02\x30\x00"])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    """MALFORMED."""
    with pytest.raises(Refused) as refused:
        with_key(data, generate("p-256"))
    assert refused.value.reason is Reason.MALFORMED
