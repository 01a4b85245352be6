"""The DER writer writes what X.690 says, and what cryptography reads back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der

NOON = datetime(2026, 3, 4, 12, 5, 6, tzinfo=UTC)


@given(st.integers(-(2**200), 2**200))
def test_integers_read_back(value: int) -> None:
    """Integers of any size and sign read back, which proves that they are minimal too."""
    assert asn1.decode_der(int, der.integer(value)) == value


@given(st.binary(max_size=300))
def test_octet_strings_read_back(content: bytes) -> None:
    """Octet strings read back in short and in long form."""
    assert asn1.decode_der(bytes, der.octet_string(content)) == content


@pytest.mark.parametrize(
    ("size", "head"),
    [(127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100"), (65536, "0483010000")],
)
def test_lengths_are_minimal(size: int, head: str) -> None:
    """A length takes the short form below 128 and the fewest octets above."""
    assert der.octet_string(bytes(size))[: len(head) // 2] == bytes.fromhex(head)


@pytest.mark.parametrize(
    "dotted", ["1.3.6.1.5.5.7.48.1.1", "2.5.29.20", "2.999.3", "0.9.2342.19200300.100.1.25", "1.2.840.113549.1.1.11"]
)
def test_object_identifiers_read_back(dotted: str) -> None:
    """Object identifiers read back, those with arcs of several octets too."""
    assert asn1.decode_der(x509.ObjectIdentifier, der.oid(dotted)).dotted_string == dotted


@pytest.mark.parametrize("text", ["1", "3.1", "1.40", "1.-2", "1.x", ""])
def test_what_is_no_object_identifier_is_refused(text: str) -> None:
    """Text that is no object identifier is a ValueError."""
    with pytest.raises(ValueError, match=r"identifier|invalid literal"):
        der.oid(text)


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (1949, b"\x18\x0f19490304120506Z"),
        (1950, b"\x17\x0d500304120506Z"),
        (2049, b"\x17\x0d490304120506Z"),
        (2050, b"\x18\x0f20500304120506Z"),
    ],
)
def test_times_change_their_form_in_1950_and_2050(year: int, expected: bytes) -> None:
    """Time is a UTCTime from 1950 to 2049 and a GeneralizedTime otherwise."""
    assert der.time(NOON.replace(year=year)) == expected


def test_generalized_times_have_no_fraction_and_are_in_utc() -> None:
    """Microseconds are dropped and other zones brought to UTC."""
    east = NOON.replace(microsecond=999).astimezone(timezone(timedelta(hours=5)))
    assert der.generalized_time(east) == b"\x18\x0f20260304120506Z"


def test_a_time_without_a_zone_is_refused() -> None:
    """A naive datetime is a ValueError, in both forms."""
    for write in (der.time, der.generalized_time):
        with pytest.raises(ValueError, match="zone"):
            write(NOON.replace(tzinfo=None))


def test_extensions_leave_out_a_false_critical() -> None:
    """`critical` is written only where it is true."""
    identifier = der.oid("2.5.29.20")
    assert der.extension(identifier, b"\x05\x00").hex() == "30090603551d1404020500"
    assert der.extension(identifier, b"\x05\x00", critical=True).hex() == "300c0603551d140101ff04020500"


def test_tagged_values() -> None:
    """Explicit tags are constructed, implicit ones primitive; enumerated and null are themselves."""
    assert der.explicit(1, der.NULL).hex() == "a1020500"
    assert der.implicit(0, b"key").hex() == "80036b6579"
    assert der.enumerated(6).hex() == "0a0106"


def test_assembled_objects_are_what_was_signed() -> None:
    """A certificate taken apart and assembled again is the same certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Demo")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, NOON, NOON + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    algorithm = der.sequence(der.oid(certificate.signature_algorithm_oid.dotted_string))
    again = der.assemble(certificate.tbs_certificate_bytes, algorithm, certificate.signature)
    assert x509.load_der_x509_certificate(again) == certificate
