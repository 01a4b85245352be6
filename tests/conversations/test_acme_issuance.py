"""ACME from the first nonce to the certificate, in memory."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.audit import verify
from tests.support.acme_client import Answer, b64, csr_for
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


def test_a_wildcard_by_dns() -> None:
    """dns-01, a second order with the proof that is still good, and the end of it all by the certificate's key."""
    world = AcmeWorld()
    client = world.account()
    names = ("*.example.com", "example.com")
    order = client.order(*names)
    wildcard, host = order.json["authorizations"]
    (dns,) = client.post(wildcard).json["challenges"]
    client.post(dns["url"], {})
    client.post(client.post(host).json["challenges"][1]["url"], {})
    assert {task.type for task in world.work()} == {"dns-01"}
    key = ec.generate_private_key(ec.SECP256R1())
    done = client.finalize(order, csr_for(*names, key=key))
    leaf = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)[0]
    renewal = client.order(*names)
    assert renewal.json["status"] == "ready"
    assert client.finalize(renewal, csr_for(*names)).json["status"] == "valid"
    owner = world.client(key)
    payload = {"certificate": b64(leaf.public_bytes(Encoding.DER)), "reason": 1}
    assert owner.post(owner.url("/revoke-cert"), payload).status == 200
    assert ("certificate.revoke", "success") in world.actions()


def test_a_client_that_always_brings_a_bad_nonce_first() -> None:
    """BadNonce carries a good one: retrying with it works for every kind of request."""
    world = AcmeWorld()
    client = world.client()

    def stubborn(url: str, payload: object = None) -> Answer:
        refused = client.post(url, payload, nonce="AAAA")
        assert refused.problem == "400 badNonce"
        return client.post(url, payload, nonce=refused.header("replay-nonce"))

    client.kid = stubborn(client.url("/new-account"), {}).location
    order = stubborn(client.url("/new-order"), {"identifiers": [{"type": "dns", "value": "a.example.com"}]})
    challenge = stubborn(order.json["authorizations"][0]).json["challenges"][0]
    assert stubborn(challenge["url"], {}).status == 200
    world.work()
    done = stubborn(order.json["finalize"], {"csr": b64(csr_for("a.example.com"))})
    assert stubborn(done.json["certificate"]).status == 200


def test_the_audit_chain_tells_the_whole_story() -> None:
    """Every decision, in order, and the chain holds."""
    world = AcmeWorld()
    before = len(world.actions())
    client = world.account()
    world.issue(client, "a.example.com")
    client.change_key(ec.generate_private_key(ec.SECP256R1()))
    assert world.actions()[before:] == [
        ("account.create", "success"),
        ("authorization.validate", "success"),
        ("certificate.issue", "success"),
        ("account.key-change", "success"),
    ]
    with world.store.reading() as tx:
        assert verify(tx.audit.walk(), tx.audit.head()).fault is None
