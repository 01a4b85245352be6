"""certbot's `acme` library, for what no command line does: key rollover, other account keys, approval by a person."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from acme import challenges, messages
from acme.client import ClientNetwork, ClientV2
from acme.errors import IssuanceError
from acme.jws import JWS
from acme.standalone import HTTP01RequestHandler, HTTP01Server
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.jwa import ES256, ES384, ES512, PS256, RS256, JWASignature
from josepy.jwk import JWK, JWKEC, JWKRSA

from emca_daemon.clock import system_clock
from tests.support.clients import ocsp
from tests.support.site import Site

pytestmark = pytest.mark.interop

ALGORITHMS: dict[str, tuple[JWASignature, Callable[[], JWK]]] = {
    "RS256": (RS256, lambda: JWKRSA(key=rsa.generate_private_key(65537, 2048))),
    "PS256": (PS256, lambda: JWKRSA(key=rsa.generate_private_key(65537, 2048))),
    "ES256": (ES256, lambda: JWKEC(key=ec.generate_private_key(ec.SECP256R1()))),
    "ES384": (ES384, lambda: JWKEC(key=ec.generate_private_key(ec.SECP384R1()))),
    "ES512": (ES512, lambda: JWKEC(key=ec.generate_private_key(ec.SECP521R1()))),
}


def deadline() -> datetime:
    """The library compares with local time."""
    return system_clock().astimezone().replace(tzinfo=None) + timedelta(seconds=30)


def connect(site: Site, algorithm: str, endpoint: str = "acme") -> ClientV2:
    """A client with a fresh key, and an account for it."""
    signature, make_key = ALGORITHMS[algorithm]
    bundle: bool = str(site.daemon.ca_bundle)  # type: ignore[assignment]
    network = ClientNetwork(make_key(), alg=signature, verify_ssl=bundle)
    address = site.daemon.directory.replace("/acme/", f"/{endpoint}/")
    client = ClientV2(ClientV2.get_directory(address, network), network)
    client.new_account(messages.NewRegistration.from_data(email="you@example.com", terms_of_service_agreed=True))
    return client


def request_for(*names: str) -> bytes:
    """A CSR in PEM."""
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    key = ec.generate_private_key(ec.SECP256R1())
    return builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@contextmanager
def answering(site: Site, client: ClientV2, order: messages.OrderResource) -> Iterator[list[messages.ChallengeBody]]:
    """The library's own web server answers the order's http-01 challenges, which are handed over."""
    wanted = [
        challenge
        for authorization in order.authorizations
        for challenge in authorization.body.challenges
        if isinstance(challenge.chall, challenges.HTTP01)
    ]
    resources = {
        HTTP01RequestHandler.HTTP01Resource(one.chall, one.response(client.net.key), one.validation(client.net.key))
        for one in wanted
    }
    server = HTTP01Server(("127.0.0.1", site.http_port), resources)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield wanted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def make_ready(site: Site, client: ClientV2, order: messages.OrderResource) -> messages.OrderResource:
    """Answer the challenges and wait until they are found right."""
    with answering(site, client, order) as wanted:
        for one in wanted:
            client.answer_challenge(one, one.response(client.net.key))
        return client.poll_authorizations(order, deadline())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_account_keys(site: Site, algorithm: str) -> None:
    """Every kind of account key that the library has may ask for certificates and revoke them."""
    client = connect(site, algorithm)
    name = f"{algorithm.lower()}.emca.test"
    order = make_ready(site, client, client.new_order(request_for(name)))
    certificate = x509.load_pem_x509_certificate(client.finalize_order(order, deadline()).fullchain_pem.encode())
    client.revoke(certificate, 4)
    assert "Reason: superseded" in ocsp(site.daemon, "-serial", str(certificate.serial_number))


@pytest.mark.parametrize(("old", "new"), [("RS256", "ES256"), ("ES256", "ES256"), ("ES256", "RS256")])
def test_key_rollover(site: Site, old: str, new: str) -> None:
    """After keyChange the old key is refused, and the new one goes on with the order that the old one began."""
    client = connect(site, old)
    account = client.net.account
    assert account is not None
    order = client.new_order(request_for("rollover.emca.test"))
    signature, make_key = ALGORITHMS[new]
    old_key, new_key = client.net.key, make_key()
    address = client.directory["keyChange"]
    assert old_key is not None
    change = json.dumps({"account": account.uri, "oldKey": old_key.public_key().to_partial_json()})
    inner = JWS.sign(change.encode(), key=new_key, alg=signature, nonce=None, url=address)
    client.net.post(address, inner, new_nonce_url=client.directory["newNonce"])
    with pytest.raises(messages.Error) as refused:
        client.query_registration(account)
    assert refused.value.code == "accountDoesNotExist"
    client.net.account = account  # which the library forgets when it is refused
    with pytest.raises(messages.Error) as refused:
        client.new_order(request_for("rollover.emca.test"))
    assert refused.value.code in ({"unauthorized", "malformed"} if old == new else {"badSignatureAlgorithm"})
    client.net.key, client.net.alg = new_key, signature
    assert client.query_registration(account).uri == account.uri
    done = client.finalize_order(make_ready(site, client, order), deadline())
    assert done.fullchain_pem.count("BEGIN CERTIFICATE") >= 1


def test_the_end_of_an_account(site: Site) -> None:
    """A deactivated authorization takes its order along; a deactivated account is refused."""
    client = connect(site, "ES256")
    assert client.net.account is not None
    order = client.new_order(request_for("ended.emca.test"))
    ended = client.deactivate_authorization(order.authorizations[0])
    assert ended.body.status == messages.STATUS_DEACTIVATED
    assert messages.Order.from_json(client._post_as_get(order.uri).json()).status == messages.STATUS_INVALID
    client.deactivate_registration(client.net.account)
    with pytest.raises(messages.Error) as refused:
        client.new_order(request_for("ended.emca.test"))
    assert refused.value.code == "unauthorized"


def waiting_request(site: Site, name: str) -> str:
    """The id of the request that waits for a person, as `request list` shows it."""
    rows = site.daemon.done("request", "list", "--json").json
    (found,) = [row["id"] for row in rows if name in row["summary"]]
    return str(found)


def test_a_person_approves(site: Site) -> None:
    """Under `approval = "manual"` the order is processing until `request approve`, then the client gets its chain."""
    client = connect(site, "ES256", "manual")
    order = make_ready(site, client, client.new_order(request_for("approved.emca.test")))
    begun = client.begin_finalization(order)
    assert begun.body.status == messages.STATUS_PROCESSING
    assert client._post_as_get(order.uri).headers["Retry-After"].isdigit()
    number = waiting_request(site, "approved.emca.test")
    assert site.daemon.done("request", "show", number, "--json").json["state"] == "waiting"
    said = site.daemon.done("request", "approve", number, "--note", "known machine", "--json").json
    done = client.poll_finalization(begun, deadline())
    certificate = x509.load_pem_x509_certificate(done.fullchain_pem.encode())
    assert f"{certificate.serial_number:x}" == said["serial"].lstrip("0")
    assert site.daemon.command("request", "approve", number).code == 1


def test_a_person_refuses(site: Site) -> None:
    """After `request reject` the order is invalid, with the reason in its error."""
    client = connect(site, "ES256", "manual")
    order = make_ready(site, client, client.new_order(request_for("rejected.emca.test")))
    begun = client.begin_finalization(order)
    site.daemon.done("request", "reject", waiting_request(site, "rejected.emca.test"), "--note", "unknown machine")
    with pytest.raises(IssuanceError) as refused:
        client.poll_finalization(begun, deadline())
    assert "unknown machine" in str(refused.value.error)
