"""Downloading certificates."""

import itertools
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.protocols.acme.alternates import Alternates
from emca_daemon.protocols.acme.responder import AcmeResponder
from tests.support.acme_client import AcmeClient, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import ISSUING
from tests.support.outside import Outside

ISSUER_URL = "http://ca.test/issuing.cer"


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    world = AcmeWorld()
    world.publication = replace(world.publication, issuer_urls=(ISSUER_URL,))
    world.authorities._last = (-1, {})
    return world


def issued(world: AcmeWorld, client: AcmeClient) -> str:
    """The address of a fresh certificate."""
    order = world.ready_order(client, "a.example.com")
    return str(client.finalize(order, csr_for("a.example.com")).json["certificate"])


def test_a_chain_leaf_first(world: AcmeWorld) -> None:
    """Each certifies the one before; the root stays out (RFC 8555 7.4.2)."""
    client = world.account()
    answer = client.post(issued(world, client))
    assert answer.header("content-type") == "application/pem-certificate-chain"
    chain = x509.load_pem_x509_certificates(answer.response.body)
    for below, above in itertools.pairwise(chain):
        below.verify_directly_issued_by(above)
    assert chain[-1].issuer != chain[-1].subject


def test_the_address_does_not_change(world: AcmeWorld) -> None:
    """The same bytes weeks later."""
    client = world.account()
    url = issued(world, client)
    before = client.post(url).response.body
    world.clock.advance(days=30)
    client.forget_nonces()
    assert client.post(url).response.body == before


def test_other_forms_by_accept(world: AcmeWorld) -> None:
    """DER of the leaf, PKCS #7, or 406."""
    client = world.account()
    url = issued(world, client)
    der = client.post(url, accept="application/pkix-cert")
    assert der.header("content-type") == "application/pkix-cert"
    x509.load_der_x509_certificate(der.response.body)
    assert der.links("up") == [ISSUER_URL]
    assert client.post(url).links("up") == []
    assert client.post(url, accept="application/pkcs7-mime").header("content-type") == "application/pkcs7-mime"
    assert client.post(url, accept="text/html").problem == "406 malformed"


def test_other_chains_by_link(world: AcmeWorld) -> None:
    """To another root, over a cross-certificate; each chain names the others; the usual one comes first."""
    outside = Outside()
    issuing = world.authorities.get(ISSUING).certificate
    key = issuing.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    crossed = outside.sign(issuing.subject, key)
    endpoint = replace(world.endpoint, alternates=Alternates((crossed, outside.certificate)))
    client = world.account()
    client.transport = AcmeResponder(endpoint).respond
    url = issued(world, client)
    usual = client.post(url)
    (other,) = usual.links("alternate")
    answer = client.post(other)
    assert answer.links("alternate") == [url]
    chain = x509.load_pem_x509_certificates(answer.response.body)
    assert chain[1] == crossed
    chain[0].verify_directly_issued_by(chain[1])
    assert client.post(url).response.body == usual.response.body
    for query in ("chain=2", "chain=0", "chain=x", "x=1"):
        assert client.post(f"{url}?{query}").problem == "404 malformed"


def test_it_is_for_its_owner(world: AcmeWorld) -> None:
    """Another account: 403; unknown or not there yet: 404; a payload: 400."""
    client, other = world.account(), world.account()
    url = issued(world, client)
    assert other.post(url).problem == "403 unauthorized"
    assert client.post(url + "x").problem == "404 malformed"
    assert client.post(url, {}).problem == "400 malformed"
    pending = client.order("b.example.com").location.rpartition("/")[2]
    assert client.post(client.url(f"/certificate/{pending}")).problem == "404 malformed"


def test_everybody_may_have_it_if_the_order_says_so() -> None:
    """By GET and HEAD, without a signature (RFC 9115 2.3.5); else 403; the order tells of it."""
    world = AcmeWorld(replace(SETTINGS, allow_certificate_get=True))
    client = world.account()
    made = client.order("a.example.com", **{"allow-certificate-get": True})
    assert made.json["allow-certificate-get"] is True
    client.post(client.challenge(made)["url"], {})
    unfinished = made.location.replace("/order/", "/certificate/")
    assert client.send("GET", unfinished).problem == "404 malformed"
    world.work()
    url = client.finalize(made, csr_for("a.example.com")).json["certificate"]
    answer = client.send("GET", url)
    assert answer.response.body == client.post(url).response.body
    assert answer.header("content-type") == "application/pem-certificate-chain"
    assert client.send("HEAD", url).status == 200
    assert client.send("GET", issued(world, client)).problem == "403 unauthorized"
    assert client.send("GET", client.url("/certificate/none")).problem == "404 malformed"
    assert client.order("a.example.com", **{"allow-certificate-get": 1}).problem == "400 malformed"


def test_where_it_is_not_offered_it_is_for_its_owner(world: AcmeWorld) -> None:
    """The member means nothing, and GET is not allowed."""
    client = world.account()
    made = client.order("a.example.com", **{"allow-certificate-get": True})
    assert (made.status, "allow-certificate-get" in made.json) == (201, False)
    answer = client.send("GET", issued(world, client))
    assert (answer.problem, answer.header("allow")) == ("405 malformed", "POST, OPTIONS")
