"""ACME from the first nonce to the certificate, in memory."""

from cryptography import x509

from tests.support.acme_client import csr_for
from tests.support.acme_world import AcmeWorld


def test_a_stranger_gets_a_certificate() -> None:
    """The whole of RFC 8555 7.1: directory, nonce, account, order, authorization, challenge, finalize, certificate."""
    world = AcmeWorld()
    client = world.client()
    directory = client.send("GET", client.url("/directory")).json
    client.register(contact=["mailto:admin@example.com"])
    order = client.post(directory["newOrder"], {"identifiers": [{"type": "dns", "value": "www.example.com"}]})
    assert order.status == 201
    assert order.json["status"] == "pending"
    challenge = client.challenge(order)
    responded = client.post(challenge["url"], {})
    assert responded.json["status"] == "processing"
    assert world.validations.woken == [challenge["url"].rpartition("/")[2]]
    world.work()
    assert client.post(order.json["authorizations"][0]).json["status"] == "valid"
    assert client.post(order.location).json["status"] == "ready"
    done = client.finalize(order, csr_for("www.example.com"))
    assert done.json["status"] == "valid"
    assert done.location == order.location
    chain = client.post(done.json["certificate"])
    assert chain.header("content-type") == "application/pem-certificate-chain"
    leaf, issuer = x509.load_pem_x509_certificates(chain.response.body)
    leaf.verify_directly_issued_by(issuer)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com"]
