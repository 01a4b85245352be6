"""Responses read back with cryptography say what was put in."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from emca_daemon.asn1 import der
from emca_daemon.protocols.ocsp.errors import ResponseStatus
from emca_daemon.protocols.ocsp.responses import (
    ResponseTimes,
    Revoked,
    SingleAnswer,
    encode_error,
    encode_response,
    encode_response_data,
)
from tests.support.ocsp_world import NOW, certificate_id, make_certificate

KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = make_certificate("Demo Issuing CA", KEY)
KEY_HASH = x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()).digest
ALGORITHM = der.sequence(der.oid("1.2.840.10045.4.3.2"))
TIMES = ResponseTimes(NOW, NOW + timedelta(hours=12))
ID = certificate_id(ISSUER, 5)


def signed(*answers: SingleAnswer, certificate: bytes | None = None, **extra: bytes | bool | None) -> ocsp.OCSPResponse:
    """A response signed by the key of these tests."""
    nonce = extra.get("nonce")
    data = encode_response_data(
        KEY_HASH,
        answers,
        TIMES,
        nonce=nonce if isinstance(nonce, bytes) else None,
        extended_revoke=bool(extra.get("extended_revoke")),
    )
    signature = KEY.sign(data, ec.ECDSA(hashes.SHA256()))
    response = ocsp.load_der_ocsp_response(encode_response(data, ALGORITHM, signature, certificate))
    assert response.tbs_response_bytes == data
    KEY.public_key().verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    return response


def test_the_frame_of_a_response() -> None:
    """Responder by key, producedAt as thisUpdate, both updates, no certificate and no extension where none is due."""
    response = signed(SingleAnswer(ID, status=True))
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert (response.responder_key_hash, response.responder_name) == (KEY_HASH, None)
    assert response.produced_at_utc == response.this_update_utc == NOW
    assert response.next_update_utc == TIMES.next_update
    assert response.certificates == []
    assert len(response.extensions) == len(response.single_extensions) == 0
    assert (response.serial_number, response.certificate_status) == (5, ocsp.OCSPCertStatus.GOOD)


def test_the_certificate_id_is_echoed() -> None:
    """The very bytes of the CertID come back."""
    encoded = certificate_id(ISSUER, 2**100, "sha512", parameters=b"")
    data = encode_response_data(KEY_HASH, (SingleAnswer(encoded, status=None),), TIMES)
    assert encoded in data


@pytest.mark.parametrize("reason", [1, 2, 3, 4, 5, 6, 9, 10])
def test_revocations_read_back(reason: int) -> None:
    """Revoked since when, and why."""
    response = signed(SingleAnswer(ID, Revoked(NOW - timedelta(days=2), reason)))
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc == NOW - timedelta(days=2)
    assert response.revocation_reason is not None
    encoded = x509.CRLReason(response.revocation_reason).public_bytes()
    assert encoded == der.enumerated(reason)


def test_an_unspecified_reason_is_left_out() -> None:
    """Reason 0 is said by silence."""
    assert signed(SingleAnswer(ID, Revoked(NOW, 0))).revocation_reason is None


def test_unknown_is_neither_good_nor_revoked() -> None:
    """No status is `unknown`."""
    assert signed(SingleAnswer(ID, status=None)).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_several_answers_keep_their_order() -> None:
    """One SingleResponse each, in the order given."""
    ids = [certificate_id(ISSUER, serial) for serial in (9, 3)]
    response = signed(SingleAnswer(ids[0], status=True), SingleAnswer(ids[1], Revoked(NOW, 1)))
    assert [(single.serial_number, single.certificate_status) for single in response.responses] == [
        (9, ocsp.OCSPCertStatus.GOOD),
        (3, ocsp.OCSPCertStatus.REVOKED),
    ]


def test_extensions_are_never_critical() -> None:
    """Nonce and extended-revoke are in the response, archive cutoff at the single answer; none is critical."""
    cutoff = NOW - timedelta(days=9)
    response = signed(SingleAnswer(ID, status=True, archive_cutoff=cutoff), nonce=b"n" * 16, extended_revoke=True)
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
    assert [extension.oid.dotted_string for extension in response.extensions] == [
        "1.3.6.1.5.5.7.48.1.2",
        "1.3.6.1.5.5.7.48.1.9",
    ]
    (single,) = response.single_extensions
    assert single.oid.dotted_string == "1.3.6.1.5.5.7.48.1.6"
    assert isinstance(single.value, x509.UnrecognizedExtension)
    assert single.value.value == der.generalized_time(cutoff)
    assert not any(extension.critical for extension in (*response.extensions, single))


def test_the_signer_certificate_is_included() -> None:
    """A delegated signer's certificate is in the response."""
    response = signed(SingleAnswer(ID, status=True), certificate=ISSUER.public_bytes(Encoding.DER))
    assert response.certificates == [ISSUER]


@pytest.mark.parametrize("status", [status for status in ResponseStatus if status.value])
def test_errors_are_five_octets(status: ResponseStatus) -> None:
    """An unsuccessful response is its status alone."""
    assert encode_error(status) == bytes((0x30, 3, 0x0A, 1, status.value))
    assert ocsp.load_der_ocsp_response(encode_error(status)).response_status.value == status.value
