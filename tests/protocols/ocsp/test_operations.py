"""Answers say what the store says, for as long as they may, signed as seldom as they may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus

from emca_daemon.ca.records import CertificateState, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.protocols.ocsp.operations import certificate_status
from emca_daemon.settings.model import OcspSettings
from tests.support.ocsp_world import (
    ABANDONED_SERIAL,
    EXPIRED_SERIAL,
    GOOD_SERIAL,
    HELD_SERIAL,
    INTENDED_SERIAL,
    NOW,
    OTHER,
    REVOKED_SERIAL,
    UNKNOWN_SERIAL,
    OcspWorld,
    nonce,
    request,
    status,
)


@pytest.fixture
def world() -> OcspWorld:
    """Two issuers and a handful of certificates."""
    return OcspWorld()


def refusal(world: OcspWorld, data: bytes) -> Reason:
    """Why the operation refuses."""
    with pytest.raises(Refused) as caught:
        world.answering.answer(data)
    return caught.value.reason


@pytest.mark.parametrize(
    ("serial", "expected", "reason"),
    [
        (GOOD_SERIAL, OCSPCertStatus.GOOD, None),
        (INTENDED_SERIAL, OCSPCertStatus.GOOD, None),
        (EXPIRED_SERIAL, OCSPCertStatus.GOOD, None),
        (REVOKED_SERIAL, OCSPCertStatus.REVOKED, x509.ReasonFlags.key_compromise),
        (HELD_SERIAL, OCSPCertStatus.REVOKED, x509.ReasonFlags.certificate_hold),
        (ABANDONED_SERIAL, OCSPCertStatus.REVOKED, None),
        (UNKNOWN_SERIAL, OCSPCertStatus.UNKNOWN, None),
        (0, OCSPCertStatus.UNKNOWN, None),
        (-GOOD_SERIAL, OCSPCertStatus.UNKNOWN, None),
        (2**160, OCSPCertStatus.UNKNOWN, None),
    ],
)
def test_each_status(world: OcspWorld, serial: int, expected: OCSPCertStatus, reason: x509.ReasonFlags | None) -> None:
    """What the store knows of a serial is what is answered; a hold is a revocation with its own reason."""
    response = world.ask(request(world.certificate_id(serial)))
    assert (response.serial_number, response.certificate_status) == (serial, expected)
    if expected is OCSPCertStatus.REVOKED:
        assert response.revocation_reason == reason
        assert response.revocation_time_utc == NOW - timedelta(hours=1)


def test_what_is_no_serial_number_is_not_asked_of_the_store(world: OcspWorld) -> None:
    """Negative numbers, zero and numbers of more than 20 octets never reach the database."""
    world.ask(request(*(world.certificate_id(serial) for serial in (-1, 0, 2**160, 2**160 - 1))))
    assert world.store.certificates.asked == [2**160 - 1]


@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha384", "sha512"])
def test_the_clients_hash_comes_back(world: OcspWorld, hash_name: str) -> None:
    """The CertID is echoed with the hash that the client used."""
    encoded = world.certificate_id(GOOD_SERIAL, hash_name)
    body = world.answering.answer(request(encoded)).body
    assert encoded in body
    assert ocsp.load_der_ocsp_response(body).hash_algorithm.name == hash_name


def test_the_delegated_signer_signs(world: OcspWorld) -> None:
    """The answer names the signer by its key, holds its certificate, and its signature verifies."""
    response = world.ask(request(world.certificate_id(GOOD_SERIAL)))
    public = world.signer_key.public_key()
    assert response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(public).digest
    assert response.certificates == [world.signer_certificate]
    public.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_an_issuer_that_signs_itself_sends_no_certificate(world: OcspWorld) -> None:
    """The client has the issuer's certificate already."""
    world.set(5, status(), OTHER)
    response = world.ask(request(world.certificate_id(5, other=True)))
    assert response.certificates == []
    assert response.certificate_status is OCSPCertStatus.GOOD
    world.other_key.public_key().verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_a_pss_key_signs_with_pss(world: OcspWorld) -> None:
    """An issuer whose RSA key pads with PSS does so in its answers."""
    key = rsa.generate_private_key(65537, 2048)
    world.signers.keys[KeyName("software:other")] = key
    world.signers.signers[1] = replace(world.direct(), public_key=key.public_key(), pss=True)
    response = world.ask(request(world.certificate_id(5, other=True)))
    assert response.signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10"
    key.public_key().verify(
        response.signature, response.tbs_response_bytes, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
    )


def test_several_certificates_are_one_transaction(world: OcspWorld) -> None:
    """Each is answered, in order, from one look into the store."""
    response = world.ask(request(*(world.certificate_id(serial) for serial in (REVOKED_SERIAL, GOOD_SERIAL))))
    assert [single.certificate_status for single in response.responses] == [
        OCSPCertStatus.REVOKED,
        OCSPCertStatus.GOOD,
    ]
    assert world.store.transactions == 1


def test_several_issuers_are_not_one_response(world: OcspWorld) -> None:
    """A response has one signer, so it is about one issuer."""
    data = request(world.certificate_id(GOOD_SERIAL), world.certificate_id(5, other=True))
    assert refusal(world, data) is Reason.NOT_FOUND


def test_times(world: OcspWorld) -> None:
    """ThisUpdate and producedAt are now in whole seconds, nextUpdate follows the settings."""
    world.now = NOW + timedelta(microseconds=999)
    response = world.ask(request(world.certificate_id(GOOD_SERIAL)))
    assert response.this_update_utc == response.produced_at_utc == NOW
    assert response.next_update_utc == NOW + world.settings.validity


def test_an_answer_never_outlives_its_signer(world: OcspWorld) -> None:
    """NextUpdate is not after the signer's certificate."""
    end = world.signer_certificate.not_valid_after_utc
    world.now = end - timedelta(hours=1)
    assert world.ask(request(world.certificate_id(GOOD_SERIAL))).next_update_utc == end
    world.now = end
    assert refusal(world, request(world.certificate_id(GOOD_SERIAL))) is Reason.UNAVAILABLE


def test_expired_certificates_have_an_archive_cutoff(world: OcspWorld) -> None:
    """Records are kept for ever: the cutoff is the issuer's beginning."""
    (extension,) = world.ask(request(world.certificate_id(EXPIRED_SERIAL))).single_extensions
    assert extension.oid.dotted_string == "1.3.6.1.5.5.7.48.1.6"
    assert world.issuer.not_valid_before_utc.strftime("%Y%m%d%H%M%SZ").encode() in extension.value.public_bytes()
    assert len(world.ask(request(world.certificate_id(GOOD_SERIAL))).single_extensions) == 0


def test_never_issued_can_be_unauthorized() -> None:
    """As a responder that signs in advance would answer."""
    world = OcspWorld(OcspSettings(unknown="unauthorized"))
    data = request(world.certificate_id(GOOD_SERIAL), world.certificate_id(UNKNOWN_SERIAL))
    assert refusal(world, data) is Reason.UNKNOWN_CERTIFICATE


def test_never_issued_can_be_revoked() -> None:
    """On hold since 1970, and the response says that this is meant by it (RFC 6960 2.2)."""
    world = OcspWorld(OcspSettings(unknown="revoked"))
    response = world.ask(request(world.certificate_id(UNKNOWN_SERIAL)))
    assert response.revocation_time_utc == datetime(1970, 1, 1, tzinfo=UTC)
    assert response.revocation_reason is x509.ReasonFlags.certificate_hold
    assert [extension.oid.dotted_string for extension in response.extensions] == ["1.3.6.1.5.5.7.48.1.9"]
    assert len(world.ask(request(world.certificate_id(REVOKED_SERIAL))).extensions) == 0


@pytest.mark.parametrize("size", [1, 16, 32, 33, 128])
def test_nonces_are_echoed(world: OcspWorld, size: int) -> None:
    """The same octets come back, and such an answer is for one client only."""
    answer = world.answering.answer(request(world.certificate_id(GOOD_SERIAL), extensions=[nonce(bytes(size))]))
    extension = ocsp.load_der_ocsp_response(answer.body).extensions.get_extension_for_class(x509.OCSPNonce)
    assert (extension.critical, extension.value.nonce, answer.shared) == (False, bytes(size), False)


def test_unchanged_answers_are_signed_once(world: OcspWorld) -> None:
    """The store is read each time, the key used only when the answer is too old."""
    data = request(world.certificate_id(GOOD_SERIAL))
    first = world.answering.answer(data)
    world.now = NOW + timedelta(seconds=59)
    assert world.answering.answer(data) is first
    assert (world.signers.signatures, world.store.transactions) == (1, 2)
    world.now = NOW + timedelta(seconds=60)
    assert world.answering.answer(data).this_update == world.now
    assert world.signers.signatures == 2


def test_short_answers_are_reused_for_a_quarter_of_their_life() -> None:
    """The reuse follows the validity where that is short."""
    world = OcspWorld(OcspSettings(validity=timedelta(seconds=40)))
    data = request(world.certificate_id(GOOD_SERIAL))
    first = world.answering.answer(data)
    world.now = NOW + timedelta(seconds=10)
    assert world.answering.answer(data).this_update > first.this_update


def test_a_revocation_shows_at_once(world: OcspWorld) -> None:
    """Kept answers do not hide a change of status, nor its taking back."""
    data = request(world.certificate_id(GOOD_SERIAL))
    assert world.ask(data).certificate_status is OCSPCertStatus.GOOD
    world.set(GOOD_SERIAL, status(reason=RevocationReason.CERTIFICATE_HOLD))
    assert world.ask(data).certificate_status is OCSPCertStatus.REVOKED
    world.set(GOOD_SERIAL, status())
    assert world.ask(data).certificate_status is OCSPCertStatus.GOOD


@pytest.mark.parametrize("case", ["nonce", "two", "unknown"])
def test_what_is_signed_each_time(world: OcspWorld, case: str) -> None:
    """Answers with a nonce, about several certificates, or about unknown ones are not kept."""
    good = world.certificate_id(GOOD_SERIAL)
    data = {
        "nonce": request(good, extensions=[nonce(b"0123456789abcdef")]),
        "two": request(good, good),
        "unknown": request(world.certificate_id(UNKNOWN_SERIAL)),
    }[case]
    world.ask(data)
    world.ask(data)
    assert world.signers.signatures == 2


def test_without_store_or_key_there_is_no_answer(world: OcspWorld) -> None:
    """Both are unavailable, not unknown."""
    data = request(world.certificate_id(GOOD_SERIAL))
    world.signers.keys.clear()
    assert refusal(world, data) is Reason.UNAVAILABLE
    world.store.available = False
    assert refusal(world, data) is Reason.UNAVAILABLE


def test_an_abandoned_serial_is_never_good() -> None:
    """Without its revocation it is a fault of the records, not a good certificate."""
    with pytest.raises(Refused) as caught:
        certificate_status(status(CertificateState.ABANDONED))
    assert caught.value.reason is Reason.INTERNAL
