"""/simplereenroll."""

from base64 import b64encode

import pytest

from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.est import EstCertificateSettings
from tests.support.ca_world import BY
from tests.support.est_world import EstWorld, certificates, request, settings


def test_the_certificate_of_the_session_is_renewed() -> None:
    """With its own key, under the requester it was issued to."""
    world = EstWorld()
    world.label()
    key, device = world.device()
    response = world.send("simplereenroll", b64encode(request(key)), peer=Peer("192.0.2.9", certificate=device))
    (renewed,) = certificates(response)
    assert renewed.public_key() == key.public_key()
    with world.store.reading() as tx:
        record = tx.certificates.find(IssuerName("issuing"), SerialNumber(renewed.serial_number))
    assert record is not None
    assert record.intent.requester == "alice"


def test_a_password_alone_renews_nothing() -> None:
    """403: the certificate is missing (RFC 7030 4.2.2)."""
    world = EstWorld()
    world.label()
    assert world.enroll(b64encode(request()), "simplereenroll").status == 403


@pytest.mark.parametrize("name", ["device-2", "device-1x"])
def test_other_names_are_refused(name: str) -> None:
    """Subject and alternative names stay as they are."""
    world = EstWorld()
    world.label()
    key, device = world.device()
    peer = Peer("192.0.2.9", certificate=device)
    assert world.send("simplereenroll", b64encode(request(key, name)), peer=peer).status == 403
    assert world.send("simplereenroll", b64encode(request(key, "device-1", "x.example")), peer=peer).status == 403
    assert world.actions()[-1] == ("est.request", "refused")


def test_revoked_and_expired_certificates_renew_nothing() -> None:
    """Unless the settings accept them."""
    world = EstWorld()
    world.label()
    world.label(settings(certificates=EstCertificateSettings(revoked="accept", expired="accept")), "lenient")
    key, device = world.device()
    peer, body = Peer("192.0.2.9", certificate=device), b64encode(request(key))
    with world.store.reading() as tx:
        (record,) = tx.certificates.find_by_key(_fingerprint(device))
    world.revoking.revoke(record.intent.issuer, record.intent.serial, RevocationReason.SUPERSEDED, BY)
    assert world.send("simplereenroll", body, peer=peer).status == 403
    assert world.send("lenient/simplereenroll", body, peer=peer).status == 200
    world.clock.advance(days=366)
    assert world.send("lenient/simplereenroll", body, peer=peer).status == 200
    world.clock.advance(days=60)
    assert world.send("lenient/simplereenroll", body, peer=peer).status == 403


def _fingerprint(device: bytes) -> bytes:
    from cryptography import x509

    from emca_daemon.policy.keys import key_fingerprint

    return key_fingerprint(x509.load_der_x509_certificate(device).public_key())
