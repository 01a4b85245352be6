"""Tests of emca_daemon.asn1.names."""

import ipaddress
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type as StringType
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1.names import UPN, alternative_name, general_name, name_to_subject, subject_to_name, written_name
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute

NAMES = [
    (NameType.DNS, "*.example.com"),
    (NameType.IP, "192.0.2.1"),
    (NameType.IP, "2001:db8::1"),
    (NameType.IP, "::ffff:192.0.2.1"),
    (NameType.EMAIL, "Some.One@example.com"),
    (NameType.URI, "https://example.com/a?b"),
    (NameType.UPN, "user@example.com"),
    (NameType.UPN, "u" * 200 + "@example.com"),
    (NameType.REGISTERED_ID, "1.2.840.113549"),
    (NameType.DIRECTORY, "CN=a\\,b,O=Example,C=DE"),
    (NameType.OTHER, "1.2.3:0c0161"),
]


@pytest.mark.parametrize(("kind", "value"), NAMES)
def test_alternative_names_survive_both_ways(kind: NameType, value: str) -> None:
    """Our text and X.509's general name stand for one another."""
    name = AlternativeName(kind, value)
    assert alternative_name(general_name(name)) == name


def test_text_is_made_canonical() -> None:
    """DNS names and mail domains come in lower case."""
    assert alternative_name(x509.DNSName("WWW.Example.COM")).value == "www.example.com"
    assert alternative_name(x509.RFC822Name("Bob@Example.COM")).value == "Bob@example.com"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (NameType.DNS, "bücher.example"),
        (NameType.IP, "300.1.1.1"),
        (NameType.REGISTERED_ID, "a.b"),
        (NameType.DIRECTORY, "CN=\\ZZ"),
        (NameType.OTHER, "1.2.3:zz"),
        (NameType.OTHER, ""),
    ],
)
def test_text_that_is_no_such_name_is_refused(kind: NameType, value: str) -> None:
    """Refused(NAME_REFUSED), whatever the fault."""
    with pytest.raises(Refused) as caught:
        general_name(AlternativeName(kind, value))
    assert caught.value.reason is Reason.NAME_REFUSED


@pytest.mark.parametrize("value", [b"\x0c", b"\x0c\x81", b"\x0c\x05ab", b"\x0c\x81\x01a", b"\x04\x01a", b""])
def test_a_upn_that_is_no_utf8_string_is_an_other_name(value: bytes) -> None:
    """Whatever stands in its place is kept as octets, for policy to refuse."""
    other = x509.OtherName(x509.ObjectIdentifier(UPN), value)
    assert alternative_name(other) == AlternativeName(NameType.OTHER, f"{UPN}:{value.hex()}")


def test_a_upn_that_is_not_utf8_is_malformed() -> None:
    """Refused(MALFORMED)."""
    with pytest.raises(Refused) as caught:
        alternative_name(x509.OtherName(x509.ObjectIdentifier(UPN), b"\x0c\x01\xff"))
    assert caught.value.reason is Reason.MALFORMED


def test_a_network_is_no_alternative_name() -> None:
    """Only addresses are: a network belongs into name constraints."""
    with pytest.raises(Refused) as caught:
        alternative_name(x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")))
    assert caught.value.reason is Reason.MALFORMED


def test_a_subject_keeps_its_order_and_takes_string_types() -> None:
    """One attribute a relative name, in the type of its kind unless another is given."""
    subject = (SubjectAttribute("2.5.4.6", "DE"), SubjectAttribute("2.5.4.10", "Example"))
    name = subject_to_name(subject, {"2.5.4.10": StringType.PrintableString})
    assert [attribute._type for attribute in name] == [StringType.PrintableString] * 2
    assert name_to_subject(name) == subject


def test_written_names_are_read() -> None:
    """A type, a colon, and what a certificate can say."""
    assert written_name("dns:Host.Example") == AlternativeName(NameType.DNS, "host.example")
    for text in ("host.example", "dns:", "ip:10.0.0.0/8", "host:a", "TNAuthList:aa"):
        with pytest.raises(ValueError, match=r"."):
            written_name(text)


@pytest.mark.parametrize("value", ["", "GER"])
def test_a_subject_that_cannot_be_written_is_refused(value: str) -> None:
    """Lengths that X.520 forbids are told with the attribute's name."""
    with pytest.raises(Refused, match="countryName") as caught:
        subject_to_name((SubjectAttribute("2.5.4.6", value),))
    assert caught.value.reason is Reason.NAME_REFUSED


def test_a_subject_value_that_is_no_text_is_malformed() -> None:
    """A unique identifier is a bit string."""
    unique = x509.NameAttribute(x509.NameOID.X500_UNIQUE_IDENTIFIER, b"\x00\x01", StringType.BitString)
    with pytest.raises(Refused) as caught:
        name_to_subject(x509.Name([unique]))
    assert caught.value.reason is Reason.MALFORMED


@given(st.binary(max_size=200))
def test_any_other_name_has_a_text(value: bytes) -> None:
    """Whatever octets a UPN holds, there is an answer: a name or Refused."""
    try:
        assert alternative_name(x509.OtherName(x509.ObjectIdentifier(UPN), value)).value
    except Refused as refused:
        assert refused.reason is Reason.MALFORMED  # noqa: PT017 - either outcome is right


def test_several_attributes_may_be_one_relative_name() -> None:
    """They are joined to the one before; that one is not joined to nothing; the same attribute twice is no name."""
    name = x509.Name.from_rfc4514_string("CN=a+OU=b,O=c")
    subject = name_to_subject(name)
    assert sorted(one.joined for one in subject) == [False, False, True]
    assert subject_to_name(subject) == name
    assert subject == tuple(replace(one, joined=False) for one in subject)
    first = replace(subject[0], joined=True)
    assert len(subject_to_name((first,)).rdns) == 1
    with pytest.raises(Refused) as caught:
        subject_to_name((subject[0], first))
    assert caught.value.reason is Reason.NAME_REFUSED
