"""Tests of emca_daemon.policy.patterns."""

import ipaddress
from collections.abc import Callable

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.policy.patterns import (
    AttributeName,
    DerValue,
    DistinguishedName,
    IpNetwork,
    MailPattern,
    Oid,
    TextPattern,
    is_one_der_value,
)

BAD: list[tuple[Callable[[str], object], str, str]] = [
    (Oid.parse, "1", "object identifier"),
    (Oid.parse, "", "object identifier"),
    (AttributeName.parse, "colour", "attribute name"),
    (IpNetwork.parse, "10.0.0.1/8", "network"),
    (IpNetwork.parse, "host", "network"),
    (MailPattern.parse, "", "mail pattern"),
    (MailPattern.parse, "@example.com", "mail pattern"),
    (MailPattern.parse, "a@.example.com", "mail pattern"),
    (MailPattern.parse, "a@*", "mail pattern"),
    (MailPattern.parse, "a@b..c", "mail pattern"),
    (TextPattern.parse, "(", "regular expression .*unclosed group"),
    (TextPattern.parse, "(?=a)b", "regular expression .*look-around"),
    (TextPattern.parse, r"(a)\1", "regular expression .*backreferences"),
    (TextPattern.parse, "(x{1,1000}){1,1000}", "regular expression"),
    (DistinguishedName.parse, "Example", "distinguished name"),
    (DerValue.parse, "zz", "hexadecimal"),
    (DerValue.parse, "0501", "one whole DER value"),
]


@pytest.mark.parametrize(("parse", "text", "expected"), BAD)
def test_what_is_no_such_value_is_told(parse: Callable[[str], object], text: str, expected: str) -> None:
    """ValueError says what was expected."""
    with pytest.raises(ValueError, match=expected):
        parse(text)


def test_an_oid_covers_itself_and_what_is_beneath() -> None:
    """Arcs count whole."""
    oid = Oid.parse("1.2.3")
    assert oid.covers("1.2.3")
    assert oid.covers("1.2.3.4")
    assert not oid.covers("1.2.34")
    assert oid.x509 == x509.ObjectIdentifier("1.2.3")


def test_attribute_names_are_names_or_oids() -> None:
    """Names in any case; what has a name is shown by it."""
    assert AttributeName.parse("COMMONNAME") == AttributeName.parse("2.5.4.3")
    assert str(AttributeName.parse("2.5.4.3")) == "commonName"
    assert str(AttributeName.parse("1.2.3")) == "1.2.3"


def test_a_network_covers_its_addresses() -> None:
    """Of its own version alone."""
    network = IpNetwork.parse("10.0.0.0/8")
    assert network.covers(ipaddress.ip_address("10.1.2.3"))
    assert not network.covers(ipaddress.ip_address("11.0.0.1"))
    assert not network.covers(ipaddress.ip_address("::1"))


@pytest.mark.parametrize(
    ("pattern", "address", "covered"),
    [
        ("*", "a@b.c", True),
        ("example.com", "a@example.com", True),
        ("example.com", "a@mail.example.com", False),
        (".example.com", "a@mail.example.com", True),
        ("Bob@Example.com", "Bob@example.com", True),
        ("Bob@example.com", "bob@example.com", False),
        ("bob@example.com", "eve@example.com", False),
    ],
)
def test_a_mail_pattern_covers_addresses(pattern: str, address: str, covered: bool) -> None:
    """By domain, or by the whole address, whose local part is case-sensitive."""
    assert MailPattern.parse(pattern).covers(address) is covered


def test_an_expression_matches_the_whole_value() -> None:
    """A part is not enough."""
    assert TextPattern.parse("[a-z]+").covers("abc")
    assert not TextPattern.parse("[a-z]+").covers("abc1")
    assert not TextPattern.parse("a|b").covers("ab")
    assert not TextPattern.parse("a").covers("a\n")
    assert TextPattern.parse("Zo.+").covers("Zoë")


def test_no_value_makes_an_expression_take_very_long() -> None:
    """These would take a backtracking engine years."""
    for text in ("(a+)+b", r"(\w+\s?)*!", "(a|a)*b"):
        assert not TextPattern.parse(text).covers("a" * 1024)


@pytest.mark.parametrize(
    ("top", "name", "covered"),
    [
        ("", "CN=a", True),
        ("O=Example,C=DE", "CN=a,O=Example,C=DE", True),
        ("O=Example,C=DE", "CN=a,O=EXAMPLE,C=de", True),
        ("O=An  Example", "CN=a,O=an example", True),
        ("O=Example,C=DE", "CN=a,C=DE", False),
        ("O=Example,C=DE", "C=DE", False),
        ("O=Example,C=DE", "O=Example,C=DE,CN=a", False),
    ],
)
def test_a_name_covers_its_subtree(top: str, name: str, covered: bool) -> None:
    """Case and inner spaces do not matter."""
    assert DistinguishedName.parse(top).covers(x509.Name.from_rfc4514_string(name)) is covered


def test_names_with_octets_are_compared_as_they_are() -> None:
    """A unique identifier is a bit string."""
    bits = x509.name._ASN1Type.BitString
    unique = x509.Name([x509.NameAttribute(x509.NameOID.X500_UNIQUE_IDENTIFIER, b"\0\1", bits)])
    assert DistinguishedName(unique).covers(unique)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x05",
        b"\x00\x00",
        b"\x1f\x00",
        b"\x04\x80",
        b"\x04\x81\x01a",
        b"\x04\x82\x00\x80" + b"a" * 128,
        b"\x04\x01",
    ],
)
def test_what_is_not_one_der_value(value: bytes) -> None:
    """Cut, overlong, indefinite and high-tag forms are not."""
    assert not is_one_der_value(value)


@given(st.binary(max_size=700))
def test_every_octet_string_is_one_der_value(content: bytes) -> None:
    """And no longer one with an octet more or less."""
    value = der.octet_string(content)
    assert is_one_der_value(value)
    assert not is_one_der_value(value + b"\0")
    assert not is_one_der_value(value[:-1])
    assert DerValue.parse(value.hex()).der == value
