"""Tests of emca_daemon.asn1.lax_names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.encoded_names import read_name
from emca_daemon.asn1.lax_names import readable_name, same_name
from emca_daemon.errors import Reason, Refused

COMMON_NAME, ORGANIZATION, UNIQUE = "2.5.4.3", "2.5.4.10", "2.5.4.45"


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    """A Name, an attribute a relative name."""
    return der.sequence(*(relative(attribute) for attribute in attributes))


def relative(*attributes: tuple[str, int, bytes]) -> bytes:
    """A relative name, in the order given."""
    return der.tlv(0x31, b"".join(der.sequence(der.oid(oid), der.tlv(tag, value)) for oid, tag, value in attributes))


@pytest.mark.parametrize(
    ("tag", "value", "text"),
    [
        (0x13, b"R1_core", "R1_core"),
        (0x13, b"*.example", "*.example"),
        (0x14, b"d\xe4v", "däv"),
        (0x13, "däv".encode(), "däv"),
        (0x16, b"d\xe4v", "däv"),
        (0x12, b"12-3", "12-3"),
    ],
)
def test_characters_that_the_type_does_not_have_are_read(tag: int, value: bytes, text: str) -> None:
    """Where the library alone reads nothing, or something else."""
    plain = name((COMMON_NAME, tag, value))
    (attribute,) = read_name(readable_name(plain))
    assert attribute.value == text


def test_the_library_does_not_read_them() -> None:
    """Else there would be no need for this."""
    with pytest.raises(Refused) as caught:
        read_name(name((COMMON_NAME, 0x13, b"R1_core")))
    assert caught.value.reason is Reason.MALFORMED


def test_relative_names_of_several_attributes_are_put_in_order() -> None:
    """As Cisco writes serialNumber beside unstructuredName."""
    mixed = der.sequence(relative(("1.2.840.113549.1.9.2", 0x13, b"r1_a"), ("2.5.4.5", 0x13, b"FTX1")))
    assert {attribute.value for attribute in read_name(readable_name(mixed))} == {"r1_a", "FTX1"}


@pytest.mark.parametrize(
    "unchanged",
    [
        b"",
        b"\x30",
        der.NULL,
        der.sequence(der.sequence(b"\x30\x05")),
        name((COMMON_NAME, 0x0C, b"device"), (ORGANIZATION, 0x13, b"Example, Inc.")),
        name((UNIQUE, 0x03, b"\x00ab"), (COMMON_NAME, 0x1E, b"\x00a")),
    ],
)
def test_what_needs_no_change_has_none(unchanged: bytes) -> None:
    """Nor what is no name."""
    assert readable_name(unchanged) == unchanged


def test_names_are_the_same_in_other_letters() -> None:
    """Type of string, case and spaces do not count; order, attributes and letters do."""
    ours = name((ORGANIZATION, 0x0C, "Ärger AG".encode()), (COMMON_NAME, 0x13, b"Issuing CA 1"))
    spellings = ((0x0C, "ÄRGER  ag ".encode()), (0x1E, "Ärger AG".encode("utf-16-be")), (0x14, b"\xc4rger AG"))
    for tag, organization in spellings:
        assert same_name(ours, name((ORGANIZATION, tag, organization), (COMMON_NAME, 0x0C, b"issuing ca 1")))
    for other in (
        name((COMMON_NAME, 0x13, b"Issuing CA 1"), (ORGANIZATION, 0x0C, "Ärger AG".encode())),
        name((COMMON_NAME, 0x13, b"Issuing CA 1")),
        name((ORGANIZATION, 0x0C, "Ärger AG".encode()), (COMMON_NAME, 0x13, b"Issuing CA 2")),
        name((ORGANIZATION, 0x0C, "Ärger AG".encode()), ("2.5.4.4", 0x13, b"Issuing CA 1")),
        name((ORGANIZATION, 0x1E, b"\xd8\x00"), (COMMON_NAME, 0x13, b"Issuing CA 1")),
        name((UNIQUE, 0x03, b"\x00ab"), (COMMON_NAME, 0x13, b"Issuing CA 1")),
        b"",
    ):
        assert not same_name(ours, other)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_are_compared(one: bytes, other: bytes) -> None:
    """Nothing is raised, and what is the same is the same."""
    assert same_name(one, one)
    assert same_name(one, other) == same_name(other, one)
    assert isinstance(readable_name(one), bytes)


def test_a_readable_name_says_the_same() -> None:
    """So that it may stand for the other."""
    lax = name((COMMON_NAME, 0x13, b"R1_core"))
    assert same_name(lax, readable_name(lax))
