"""The responder over the CA itself: issue, hold, release, revoke, renew the signer, and what OCSP says."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus

from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.ocsp_signers import OcspSigners
from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import ProfileName, SerialNumber
from emca_daemon.protocols.ocsp.operations import Answering
from emca_daemon.settings.model import OcspSettings
from tests.support.ca_world import BY, ISSUING, World, server_request


@pytest.fixture
def world() -> World:
    """A root, an issuing CA and their OCSP signers."""
    world = World().with_issuers()
    world.ocsp_signers.renew(BY)
    return world


@pytest.fixture
def answering(world: World) -> Answering:
    """The operation over that CA."""
    return Answering(store=world.store, signers=world.ocsp_signers, clock=world.clock, settings=OcspSettings())


def issue(world: World) -> x509.Certificate:
    """A fresh certificate."""
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=ISSUING)
    assert isinstance(outcome, Issued)
    assert outcome.record.der
    return x509.load_der_x509_certificate(outcome.record.der)


def ask(answering: Answering, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPResponse:
    """What OCSP says of a certificate; the signature is checked by the signer's certificate, and that by the issuer."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())
    response = ocsp.load_der_ocsp_response(answering.answer(builder.build().public_bytes(Encoding.DER)).body)
    (signer,) = response.certificates
    signer.verify_directly_issued_by(issuer)
    key = signer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    return response


def test_a_certificates_life(world: World, answering: Answering) -> None:
    """Good once issued, revoked while on hold, good when released, revoked for ever."""
    certificate, issuer = issue(world), world.authorities.get(ISSUING).certificate
    serial = SerialNumber(certificate.serial_number)
    assert ask(answering, certificate, issuer).certificate_status is OCSPCertStatus.GOOD
    world.revoking.revoke(ISSUING, serial, RevocationReason.CERTIFICATE_HOLD, BY)
    assert ask(answering, certificate, issuer).revocation_reason is x509.ReasonFlags.certificate_hold
    world.revoking.release(ISSUING, serial, BY)
    assert ask(answering, certificate, issuer).certificate_status is OCSPCertStatus.GOOD
    world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY)
    assert ask(answering, certificate, issuer).revocation_reason is x509.ReasonFlags.key_compromise


def test_a_renewed_signer_takes_over(world: World, answering: Answering) -> None:
    """Answers never outlive the certificate that signs them; the next one signs before it ends."""
    certificate, issuer = issue(world), world.authorities.get(ISSUING).certificate
    first = ask(answering, certificate, issuer).certificates[0]
    life = first.not_valid_after_utc - first.not_valid_before_utc
    world.clock.now = first.not_valid_before_utc + life * 0.6
    world.ocsp_signers.renew(BY)
    world.clock.now = first.not_valid_after_utc - timedelta(minutes=1)
    response = ask(answering, certificate, issuer)
    assert response.certificates[0].not_valid_after_utc > first.not_valid_after_utc
    assert response.next_update_utc == world.clock.now.replace(microsecond=0) + OcspSettings().validity


def test_the_issuing_ca_is_answered_for_by_the_root(world: World, answering: Answering) -> None:
    """A CA certificate has a status like any other."""
    authority = world.authorities.get(ISSUING)
    assert ask(answering, authority.certificate, authority.chain[1]).certificate_status is OCSPCertStatus.GOOD
    world.hierarchy.revoke(ISSUING, RevocationReason.CESSATION_OF_OPERATION, BY)
    response = ask(answering, authority.certificate, authority.chain[1])
    assert response.revocation_reason is x509.ReasonFlags.cessation_of_operation


def test_a_revoked_signer_answers_no_more_in_any_process(world: World, answering: Answering) -> None:
    """Neither afresh nor with what was kept: within a minute its successor does."""
    certificate, issuer = issue(world), world.authorities.get(ISSUING).certificate
    elsewhere = OcspSigners(
        store=world.store,
        authorities=world.authorities,
        enrollment=world.enrollment,
        keys=world.keys,
        clock=world.clock,
    )
    worker = Answering(store=world.store, signers=elsewhere, clock=world.clock, settings=OcspSettings())
    (first,) = ask(worker, certificate, issuer).certificates
    world.revoking.revoke(ISSUING, SerialNumber(first.serial_number), RevocationReason.SUPERSEDED, BY)
    world.ocsp_signers.renew(BY)
    world.clock.advance(minutes=1)
    (second,) = ask(worker, certificate, issuer).certificates
    assert second.serial_number != first.serial_number
