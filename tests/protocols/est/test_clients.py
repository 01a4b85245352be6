"""Who asks."""

from cryptography import x509

from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.http_users import HttpUser
from tests.support.est_world import EstWorld


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
    assert Client(user).groups == {"devices"}
    assert Client(None, ours).groups == frozenset()
