"""To-be-signed certificates taken apart."""

from contextlib import suppress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.lint_parts import elements, inside, take_apart
from tests.support.certificates import SERIAL, Draft

BUILT = Draft().built()
TBS = BUILT.tbs


def fields() -> list[bytes]:
    """The fields of the TBSCertificate."""
    return [element.whole for element in elements(inside(TBS, 0x30))]


def with_field(number: int, replacement: bytes) -> bytes:
    """The TBSCertificate with one field replaced."""
    found = fields()
    found[number] = replacement
    return der.sequence(*found)


def test_every_part_is_found() -> None:
    """The parts are those that cryptography reads."""
    parts = take_apart(TBS)
    certificate = BUILT.specimen
    assert parts.version == b"\x02"
    assert int.from_bytes(parts.serial) == SERIAL == certificate.serial_number
    assert parts.issuer == certificate.issuer.public_bytes()
    assert parts.subject == certificate.subject.public_bytes()
    assert parts.algorithm == BUILT.algorithm
    assert parts.not_before.content == b"260301120000Z"
    assert parts.not_after.content == b"260530120000Z"
    assert [part.value for part in parts.extensions] == [one.value.public_bytes() for one in certificate.extensions]
    assert [part.critical for part in parts.extensions] == [one.critical for one in certificate.extensions]
    assert der.tlv(0x06, parts.extensions[0].oid) == der.oid("2.5.29.19")


def test_a_certificate_without_extensions_has_none() -> None:
    """The extensions are optional."""
    assert take_apart(der.sequence(*fields()[:7])).extensions == ()


@pytest.mark.parametrize(
    "tbs",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x81\x01\x00",
        b"\x1f\x01\x00",
        TBS + b"\x00\x00",
        der.sequence(*fields()[:6]),
        der.sequence(*fields(), der.NULL),
        with_field(0, der.integer(2)),
        with_field(1, der.NULL),
        with_field(2, der.NULL),
        with_field(3, der.NULL),
        with_field(4, der.sequence(der.NULL)),
        with_field(4, der.sequence(der.NULL, der.NULL)),
        with_field(5, der.NULL),
        with_field(6, der.NULL),
        with_field(7, der.explicit(2, b"")),
        with_field(7, der.explicit(3, der.sequence(der.NULL))),
        with_field(7, der.explicit(3, der.sequence(der.sequence(der.oid("1.2.3"))))),
        with_field(7, der.explicit(3, der.sequence(der.sequence(der.oid("1.2.3"), der.NULL)))),
        with_field(7, der.explicit(3, der.sequence(der.sequence(der.oid("1.2.3"), der.NULL, der.octet_string(b""))))),
    ],
)
def test_anything_else_is_our_own_mistake(tbs: bytes) -> None:
    """What is not built as RFC 5280 has it is refused as internal."""
    with pytest.raises(Refused) as refusal:
        take_apart(tbs)
    assert refusal.value.reason is Reason.INTERNAL


@given(st.integers(min_value=0, max_value=len(TBS) - 1))
def test_no_beginning_of_a_certificate_is_one(length: int) -> None:
    """Every truncation is refused."""
    with pytest.raises(Refused):
        take_apart(TBS[:length])


@given(st.binary())
def test_no_bytes_break_it(content: bytes) -> None:
    """Any bytes are parts or refused."""
    with suppress(Refused):
        take_apart(content)


@given(st.lists(st.tuples(st.sampled_from([2, 4, 0x30, 0x82]), st.binary(max_size=300))))
def test_a_row_of_values_is_read_back(row: list[tuple[int, bytes]]) -> None:
    """`elements` is the inverse of writing one value after the other."""
    encoded = b"".join(der.tlv(tag, content) for tag, content in row)
    assert [(element.tag, element.content) for element in elements(encoded)] == row
    assert b"".join(element.whole for element in elements(encoded)) == encoded


def test_a_critical_flag_is_read() -> None:
    """TRUE is critical, the default is not."""
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
    built = Draft(extra=(x509.Extension(extension.oid, True, extension),)).built()
    assert take_apart(built.tbs).extensions[-1].critical
    assert take_apart(built.tbs).extensions[-1].value == b"\x05\x00"
