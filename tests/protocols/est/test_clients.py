"""Who asks."""

import hashlib
from typing import get_args

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.policy.facts import Proof
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.http_users import HttpUser
from tests.support.est_world import EstWorld
from tests.support.makers import Maker


def test_identity_and_proof() -> None:
    """A user goes before a certificate; a certificate of ours stands for whom it was issued to."""
    world = EstWorld()
    _, device = world.device(requester="gate")
    certificate = x509.load_der_x509_certificate(device)
    with world.store.reading() as tx:
        record = tx.certificates.find(world.label().authority.name, certificate.serial_number)  # type: ignore[arg-type]
    user = HttpUser("alice", "password", frozenset({"devices"}))
    ours, foreign = TrustedCertificate(certificate, record), TrustedCertificate(certificate)
    assert (Client().identity, Client().proof) == ("", "none")
    assert (Client(user).identity, Client(user).proof) == ("alice", "password")
    assert (Client(user, ours).identity, Client(user, ours).proof) == ("alice", "tls-certificate+password")
    assert (Client(None, ours).identity, Client(None, ours).proof) == ("gate", "tls-certificate")
    assert Client(None, foreign).identity == "CN=device-1"
    maker = Maker("maker")
    nameless = maker.certify(x509.Name([]), maker.key)
    digest = hashlib.sha256(nameless.public_bytes(Encoding.DER)).hexdigest()
    assert Client(None, TrustedCertificate(nameless)).identity == f"sha256:{digest}"
    assert Client(user).groups == {"devices"}
    assert Client(None, ours).groups == frozenset()


def test_profiles_can_ask_for_every_proof() -> None:
    """Of a user, of a certificate, and of both."""
    maker = Maker("maker")
    trusted = TrustedCertificate(maker.certify(x509.Name([]), maker.key))
    users = [None, *(HttpUser("alice", proof) for proof in ("password", "token", "secret"))]
    proofs = {Client(user, certificate).proof for user in users for certificate in (None, trusted)}
    assert proofs - {"none"} <= set(get_args(Proof))
    assert len(proofs) == 8
