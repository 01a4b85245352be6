"""CMC messages, ours and an independent implementation's."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import cmc, der
from emca_daemon.asn1.cms_signed import public_key_of, read_certificate, read_signed_data, verify_signer
from emca_daemon.errors import Reason, Refused

VECTORS = Path(__file__).parents[1] / "vectors" / "cmc"


def content_of(name: str) -> bytes:
    """The PKIData of a vector, its signature verified."""
    signed = read_signed_data((VECTORS / name).read_bytes())
    assert signed.content_type == cmc.PKI_DATA
    signer = signed.signers[0]
    verify_signer(signed, signer, public_key_of(read_certificate(signed.certificates[0])), {"sha256"})
    assert signed.content is not None
    return signed.content


def test_a_full_request_is_read() -> None:
    """Who it says it is, how that is proved, and the request."""
    data = cmc.read_pki_data(content_of("cmc.full"))
    (request,) = data.requests
    assert (request.body_part, request.kind) == (1, cmc.RequestKind.PKCS10)
    name, proof = data.control(cmc.IDENTIFICATION), data.control(cmc.IDENTITY_PROOF_V2)
    assert name is not None
    assert proof is not None
    assert cmc.text(name.value) == "alice"
    read = cmc.read_identity_proof(proof.value)
    assert (read.digest.oid, read.mac.oid, len(read.witness)) == ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.2.9", 32)
    assert data.control(cmc.SENDER_NONCE) is None


def test_a_revocation_request_is_read() -> None:
    """Issuer, serial and reason; its comment is passed over."""
    control = cmc.read_pki_data(content_of("cmc.rev")).control(cmc.REVOKE_REQUEST)
    assert control is not None
    request = cmc.read_revoke_request(control.value)
    assert (request.serial, request.reason) == (0x1234, 1)


def test_a_cut_message_is_refused() -> None:
    """Wherever it was cut."""
    whole = content_of("cmc.full")
    for end in range(0, len(whole), 7):
        with pytest.raises(Refused):
            cmc.read_pki_data(whole[:end])


def control(number: int, *values: bytes, oid: str = cmc.DATA_RETURN) -> bytes:
    """A TaggedAttribute."""
    return der.sequence(der.integer(number), der.oid(oid), der.tlv(0x31, b"".join(values)))


def pki_data(controls: bytes = b"", requests: bytes = b"", contents: bytes = b"", others: bytes = b"") -> bytes:
    """PKIData of encoded parts."""
    return der.sequence(*map(der.sequence, (controls, requests, contents, others)))


@pytest.mark.parametrize(
    "data",
    [
        der.sequence(),
        pki_data(contents=der.integer(1)),
        pki_data(others=der.integer(1)),
        pki_data(control(0)),
        pki_data(control(0xFFFF_FFFF)),
        pki_data(control(1) + control(1)),
        pki_data(control(1), der.explicit(0, der.integer(1) + der.sequence())),
        pki_data(b"".join(control(number) for number in range(1, 70))),
        pki_data(der.sequence(der.integer(1))),
        pki_data(requests=der.explicit(3, der.integer(1))),
        pki_data(requests=der.explicit(0, der.integer(1))),
        pki_data(requests=der.explicit(1, der.sequence())),
    ],
)
def test_what_breaks_the_rules_is_refused(data: bytes) -> None:
    """Nested messages, numbers out of range or twice, too many parts, other tags."""
    with pytest.raises(Refused) as refused:
        cmc.read_pki_data(data)
    assert refused.value.reason is Reason.MALFORMED


def test_other_requests_are_told_apart() -> None:
    """`orm` is not read any further."""
    (request,) = cmc.read_pki_data(pki_data(requests=der.explicit(2, der.integer(9) + der.oid("1.2.3")))).requests
    assert (request.body_part, request.kind) == (9, cmc.RequestKind.OTHER)


def test_a_control_has_one_value_and_one_place() -> None:
    """Where one is asked for."""
    data = cmc.read_pki_data(pki_data(control(1) + control(2)))
    with pytest.raises(Refused):
        data.control(cmc.DATA_RETURN)
    with pytest.raises(Refused):
        assert data.controls[0].value


@pytest.mark.parametrize("data", [der.sequence(), der.sequence(der.sequence(), der.integer(1), der.integer(1))])
def test_fields_of_controls_are_read_or_refused(data: bytes) -> None:
    """MALFORMED."""
    with pytest.raises(Refused):
        cmc.read_revoke_request(data)
    with pytest.raises(Refused):
        cmc.read_identity_proof(data)


def test_statuses_are_written() -> None:
    """Failure information, or when to ask again (RFC 5272 6.1.1)."""
    failed = cmc.StatusInfo(cmc.Status.FAILED, (1, 2), "nö", cmc.FailInfo.BAD_REQUEST)
    assert failed.encode() == der.sequence(
        der.integer(2), der.sequence(der.integer(1), der.integer(2)), der.tlv(0x0C, "nö".encode()), der.integer(2)
    )
    at = datetime(2026, 6, 1, tzinfo=UTC)
    pending = cmc.StatusInfo(cmc.Status.PENDING, (1,), pending=(b"t", at))
    token = der.sequence(der.octet_string(b"t"), der.generalized_time(at))
    assert pending.encode() == der.sequence(der.integer(3), der.sequence(der.integer(1)), token)
    assert cmc.StatusInfo(cmc.Status.SUCCESS, (1,)).encode() == der.sequence(
        der.integer(0), der.sequence(der.integer(1))
    )


def test_a_response_numbers_its_controls() -> None:
    """From 1; the other two parts are empty."""
    written = cmc.write_response([(cmc.DATA_RETURN, der.octet_string(b"x")), (cmc.TRANSACTION_ID, der.integer(5))])
    controls = control(1, der.octet_string(b"x")) + control(2, der.integer(5), oid=cmc.TRANSACTION_ID)
    assert written == der.sequence(der.sequence(controls), der.sequence(), der.sequence())


NAME = x509.Name.from_rfc4514_string("CN=ca")
DIRECTORY_NAME = der.explicit(4, NAME.public_bytes())
MOMENT = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_certificate_is_asked_for() -> None:
    """By any general name and a serial number (RFC 5272 6.9)."""
    asked = cmc.read_get_cert(der.sequence(DIRECTORY_NAME, der.integer(5)))
    assert asked == cmc.GetCert(x509.DirectoryName(NAME), 5)


def test_a_crl_is_asked_for() -> None:
    """By its issuer, and where given by its place and a time (RFC 5272 6.10); reasons are passed over."""
    name, place = NAME.public_bytes(), der.tlv(0x86, b"http://a.test/")
    time, reasons = der.generalized_time(MOMENT), der.bit_string(b"\x40")
    point = x509.UniformResourceIdentifier("http://a.test/")
    assert cmc.read_get_crl(der.sequence(name)) == cmc.GetCrl(NAME)
    assert cmc.read_get_crl(der.sequence(name, time)) == cmc.GetCrl(NAME, None, MOMENT)
    assert cmc.read_get_crl(der.sequence(name, DIRECTORY_NAME)) == cmc.GetCrl(NAME, x509.DirectoryName(NAME))
    assert cmc.read_get_crl(der.sequence(name, place, time, reasons)) == cmc.GetCrl(NAME, point, MOMENT)


@pytest.mark.parametrize(
    "data",
    [
        der.sequence(),
        der.sequence(der.integer(5)),
        der.sequence(DIRECTORY_NAME, der.octet_string(b"5")),
        der.sequence(NAME.public_bytes(), der.integer(5)),
        der.sequence(NAME.public_bytes(), der.tlv(0x18, b"2026")),
        der.sequence(NAME.public_bytes(), der.bit_string(b"\x40"), DIRECTORY_NAME),
        der.sequence(NAME.public_bytes(), der.tlv(0xBE, b"")),
    ],
)
def test_no_such_question_is_refused(data: bytes) -> None:
    """Other fields, another order, no name: MALFORMED."""
    for read in (cmc.read_get_cert, cmc.read_get_crl):
        with pytest.raises(Refused) as refused:
            read(data)
        assert refused.value.reason is Reason.MALFORMED


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing else happens."""
    readers = (cmc.read_pki_data, cmc.read_identity_proof, cmc.read_revoke_request, cmc.octets, cmc.text)
    for read in (*readers, cmc.read_get_cert, cmc.read_get_crl):
        try:
            read(data)
        except Refused as refused:
            assert refused.detail  # noqa: PT017
