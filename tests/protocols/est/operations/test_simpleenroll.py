"""/simpleenroll."""

from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.names import SerialNumber
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.est.errors import EstRefusal
from emca_daemon.protocols.est.operations.simpleenroll import check_own_names
from emca_daemon.protocols.est.requests import read_request
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.settings.est import EstCertificateSettings
from tests.support.ca_world import ISSUING
from tests.support.est_world import EstWorld, certificates, request, settings


def test_a_request_becomes_a_certificate() -> None:
    """Only the certificate, of the request's key and names (RFC 7030 4.2.3)."""
    world = EstWorld()
    world.label()
    key = ec.generate_private_key(ec.SECP256R1())
    response = world.enroll(b64encode(request(key, "device-1", "device-1.example")))
    (certificate,) = certificates(response)
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=device-1"
    assert dict(response.headers)["Content-Type"] == "application/pkcs7-mime; smime-type=certs-only"
    assert dict(response.headers)["Content-Transfer-Encoding"] == "base64"


def test_a_certificate_of_ours_gets_the_same_names_only() -> None:
    """Unless the settings let it enroll for others."""
    world = EstWorld()
    world.label()
    _, device = world.device()
    peer = Peer("192.0.2.9", certificate=device)
    assert world.send("simpleenroll", b64encode(request(name="device-2")), peer=peer).status == 403
    assert len(certificates(world.send("simpleenroll", b64encode(request()), peer=peer))) == 1
    world.label(settings(certificates=EstCertificateSettings(own="enroll")))
    assert len(certificates(world.send("simpleenroll", b64encode(request(name="device-2")), peer=peer))) == 1


def test_an_agent_asks_for_others() -> None:
    """With a certificate of ours as with a manufacturer's (RFC 7030 3.7)."""
    world = EstWorld()
    label = world.label()
    certificate = x509.load_der_x509_certificate(world.device()[1])
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, SerialNumber(certificate.serial_number))
    call = Call.of(label, Request("POST", "/", "", (), b"", Peer("192.0.2.9"), "r"))
    other = read_request(request(name="device-2"), call.requester, label.weak_keys)
    check_own_names(call, Client(None, TrustedCertificate(certificate, record, agent=True)), other)
    with pytest.raises(EstRefusal):
        check_own_names(call, Client(None, TrustedCertificate(certificate, record)), other)


def test_what_policy_refuses_is_told() -> None:
    """With its status, the reason in plain text, and once in the audit chain."""
    world = EstWorld()
    world.label()
    before = len(world.actions())
    hosts = [f"d{number}.example" for number in range(30)]
    response = world.enroll(b64encode(request(None, "device-1", *hosts)))
    assert response.status in (400, 403)
    assert dict(response.headers)["Content-Type"] == "text/plain; charset=utf-8"
    assert world.actions()[before:] == [("certificate.request", "refused")]
