"""Requests read back, and every way to be wrong is a refusal."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.ocsp.requests import HASH_SIZES, HASHES, MAX_NONCE, decode_request
from tests.support.ocsp_world import HASH_OIDS, certificate_id, make_certificate, nonce, request

ISSUER = make_certificate("Demo Issuing CA", ec.generate_private_key(ec.SECP256R1()))
ID = certificate_id(ISSUER, 5)
UNKNOWN = der.oid("1.3.6.1.4.1.55555.1")


def refusal(data: bytes, max_requests: int = 10) -> Reason:
    """Why that request is refused."""
    with pytest.raises(Refused) as caught:
        decode_request(data, max_requests)
    return caught.value.reason


def outcome(data: bytes) -> Reason | None:
    """Why that request is refused, None where it is read."""
    try:
        decode_request(data, 10)
    except Refused as caught:
        return caught.reason
    return None


@pytest.mark.parametrize("hash_name", HASH_SIZES)
@pytest.mark.parametrize("parameters", [der.NULL, b""], ids=["null", "absent"])
def test_certificate_ids_read_back(hash_name: str, parameters: bytes) -> None:
    """Every hash algorithm is read, with NULL or absent parameters, and the very bytes are kept."""
    encoded = certificate_id(ISSUER, 2**158, hash_name, parameters=parameters)
    (asked,) = decode_request(request(encoded), 1).certificates
    assert (asked.hash, asked.serial, asked.encoded) == (hash_name, 2**158, encoded)
    assert len(asked.issuer_name_hash) == len(asked.issuer_key_hash) == HASH_SIZES[hash_name]


def test_requests_of_another_writer_are_read() -> None:
    """A request made by cryptography is read, nonce included."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(ISSUER, ISSUER, hashes.SHA256())
    data = builder.add_extension(x509.OCSPNonce(b"0123456789abcdef"), False).build().public_bytes(Encoding.DER)
    read = decode_request(data, 1)
    assert (read.certificates[0].serial, read.nonce) == (ISSUER.serial_number, b"0123456789abcdef")


def test_several_certificates_keep_their_order() -> None:
    """As many as allowed, in the order asked; one more is refused, and so is none."""
    ids = [certificate_id(ISSUER, serial) for serial in (9, 3, 5)]
    assert [asked.serial for asked in decode_request(request(*ids), 3).certificates] == [9, 3, 5]
    assert refusal(request(*ids), 2) is Reason.MALFORMED
    assert refusal(request()) is Reason.MALFORMED


@pytest.mark.parametrize("size", [1, 15, 16, 32, 33, MAX_NONCE])
@pytest.mark.parametrize("critical", [False, True])
def test_nonces_that_fit_are_read(size: int, critical: bool) -> None:
    """Nonces of 1 to 128 octets are read, critical or not."""
    data = request(ID, extensions=[nonce(bytes(size), critical=critical)])
    assert decode_request(data, 1).nonce == bytes(size)


@pytest.mark.parametrize("size", [0, MAX_NONCE + 1, 4096])
def test_nonces_that_do_not_fit_are_refused(size: int) -> None:
    """Nonces of no octets or of more than 128 must be refused (RFC 9654 2.1)."""
    assert refusal(request(ID, extensions=[nonce(bytes(size))])) is Reason.MALFORMED


def test_a_nonce_is_an_octet_string() -> None:
    """Bare octets in the extension's value, as RFC 2560 could be read, are refused."""
    bare = der.extension(der.oid("1.3.6.1.5.5.7.48.1.2"), b"0123456789abcdef")
    assert refusal(request(ID, extensions=[bare])) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"garbage", "garbage"),
        (request(ID)[:-1], "truncated"),
        (request(ID) + b"\0", "trailing octet"),
        (bytes(65536), "zeros"),
        (b"\x30\x80" + request(ID)[2:] + b"\0\0", "indefinite length"),
        (request(ID, version=der.explicit(0, der.integer(1))), "version 2"),
        (request(ID, version=der.explicit(0, der.integer(-1))), "version -1"),
        (request(ID, version=der.explicit(0, der.integer(0))), "version 1 written out"),
        (request(b"\x30\x00"), "empty CertID"),
        (request(der.NULL), "CertID that is none"),
        (request(certificate_id(ISSUER, 5, cut=19)), "short hashes"),
        (request(certificate_id(ISSUER, 5, cut=0)), "no hashes"),
        (request(certificate_id(ISSUER, 5, "sha256", oid=HASH_OIDS["sha1"])), "hashes of another algorithm"),
        (request(certificate_id(ISSUER, 5, parameters=der.octet_string(b"x"))), "strange parameters"),
        (request(ID, extensions=[nonce(b"n"), nonce(b"n")]), "nonce twice"),
        (request(ID, extensions=[der.extension(UNKNOWN, b"", critical=True)]), "unknown critical extension"),
        (request(ID, single=[der.extension(UNKNOWN, b"", critical=True)]), "unknown critical single extension"),
        (request(ID, single=[der.extension(UNKNOWN, b"")] * 2), "single extension twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malformed_requests_are_refused(data: bytes, why: str) -> None:
    """Whatever RFC 6960 does not allow is malformed."""
    assert refusal(data) is Reason.MALFORMED, why


@pytest.mark.parametrize(
    "encoded", [certificate_id(ISSUER, 5, "md5"), certificate_id(ISSUER, 5, oid="1.3.6.1.4.1.55555.2")]
)
def test_other_hash_algorithms_find_no_issuer(encoded: bytes) -> None:
    """MD5 and algorithms never heard of are refused as such."""
    assert refusal(request(encoded)) is Reason.ALGORITHM_REFUSED


@pytest.mark.parametrize(
    "data",
    [
        request(ID, requestor=der.explicit(1, der.implicit(2, b"client.example"))),
        request(
            ID,
            requestor=der.explicit(1, der.explicit(4, der.sequence())),
            signature=der.explicit(0, der.sequence(der.sequence(UNKNOWN), der.bit_string(b"never checked"))),
        ),
        request(ID, extensions=[der.extension(UNKNOWN, b"what")], single=[der.extension(UNKNOWN, b"ever")]),
        request(
            ID,
            extensions=[
                der.extension(der.oid("1.3.6.1.5.5.7.48.1.4"), der.sequence(UNKNOWN), critical=True),
                der.extension(der.oid("1.3.6.1.5.5.7.48.1.8"), der.sequence(), critical=True),
            ],
            single=[der.extension(der.oid("1.3.6.1.5.5.7.48.1.7"), der.sequence(), critical=True)],
        ),
    ],
    ids=["requestor", "signed", "unknown extensions", "known extensions"],
)
def test_what_makes_no_difference_is_accepted(data: bytes) -> None:
    """Who asks, a signature, unknown extensions and those that ask for what is given anyway change nothing."""
    assert decode_request(data, 1) == decode_request(request(ID), 1)


def test_serials_of_any_size_and_sign_are_read() -> None:
    """A serial that no certificate can have is still a question."""
    for serial in (0, -5, 2**4000):
        assert decode_request(request(certificate_id(ISSUER, serial)), 1).certificates[0].serial == serial


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_octets_give_a_value_or_a_refusal(data: bytes) -> None:
    """The decoder never fails in any other way."""
    assert outcome(data) in (None, Reason.MALFORMED, Reason.ALGORITHM_REFUSED)


@settings(max_examples=300)
@given(st.data())
def test_damaged_requests_give_a_value_or_a_refusal(data: st.DataObject) -> None:
    """Requests with one octet changed never fail in any other way."""
    octets = bytearray(request(ID, ID, extensions=[nonce(bytes(16))], single=[der.extension(UNKNOWN, b"x")]))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert outcome(bytes(octets)) in (None, Reason.MALFORMED, Reason.ALGORITHM_REFUSED)


def test_every_hash_has_its_size() -> None:
    """The two tables of hash algorithms agree."""
    assert set(HASHES.values()) == set(HASH_SIZES)
