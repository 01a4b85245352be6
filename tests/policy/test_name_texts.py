"""Tests of emca_daemon.policy.name_texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.policy import name_texts


@pytest.mark.parametrize("text", ["192.0.2.1", "::1", "2001:db8::1"])
def test_a_canonical_address_is_read(text: str) -> None:
    """RFC 5952 text comes back as an address."""
    assert str(name_texts.ip_address(text)) == text


@pytest.mark.parametrize("text", ["", "1.2.3", "01.2.3.4", "2001:DB8::1", "2001:db8:0::1", "fe80::1%eth0"])
def test_other_text_is_no_canonical_address(text: str) -> None:
    """Other spellings, zones and networks are not."""
    assert name_texts.ip_address(text) is None


def test_addresses_are_brought_into_canonical_form() -> None:
    """Every spelling has one, zones have none."""
    assert name_texts.canonical_ip_address("2001:DB8:0::1") == "2001:db8::1"
    assert name_texts.canonical_ip_address("fe80::1%eth0") is None
    assert name_texts.canonical_ip_address("host") is None


@pytest.mark.parametrize("text", ["a@b.example", "First.Last+tag@localhost", "!#$%&'*+/=?^_`{|}~-@a.b"])
def test_mailboxes_have_no_problem(text: str) -> None:
    """Dotted atoms before the `@`, a host name after it."""
    assert name_texts.mail_problem(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "a", "@b", "a@", "a b@c", '"a"@b', ".a@b", "a.@b", "a..b@c", "a@b@c", "a@B.c", "a@-b", "x" * 65 + "@b", "é@b"],
)
def test_other_text_is_no_mailbox(text: str) -> None:
    """Quoted, empty or overlong parts are refused."""
    assert name_texts.mail_problem(text) is not None


@pytest.mark.parametrize(("text", "good"), [("jürgen@corp.example", True), ("a b@corp", True), ("a@b@c", False)])
def test_user_principal_names_are_wider_than_mailboxes(text: str, good: bool) -> None:
    """Any printable user, one `@`, a realm."""
    assert (name_texts.upn_problem(text) is None) is good


@pytest.mark.parametrize("text", ["", "@b", "a", "a@", "a\n@b", "x" * 1100 + "@b"])
def test_other_text_is_no_user_principal_name(text: str) -> None:
    """Control characters and missing parts are refused."""
    assert name_texts.upn_problem(text) is not None


URIS = [
    ("https://Example.com:8443/a?b#c", ("https", "example.com")),
    ("spiffe://trust.example/workload", ("spiffe", "trust.example")),
    ("urn:uuid:f81d4fae", ("urn", "")),
    ("https://[::1]/", ("https", "::1")),
    ("https://user@host.example/", ("https", "host.example")),
    ("HTTPS://a", None),
    ("https:", None),
    ("//a", None),
    ("a", None),
    ("https://a b", None),
    ("https://a\n", None),
    ("https://é", None),
    ("https://[::1", None),
    ("https://a:port/", None),
    ("https://:80/", None),
    ("https://a/" + "x" * 2048, None),
]


@pytest.mark.parametrize(("text", "parts"), URIS)
def test_scheme_and_host_of_a_uri(text: str, parts: tuple[str, str] | None) -> None:
    """Absolute URIs in ASCII have a scheme and perhaps a host; nothing else is one."""
    assert name_texts.scheme_and_host(text) == parts


def test_identifiers_names_and_der_are_read_or_not() -> None:
    """Each answers None or False for what it is not."""
    assert name_texts.oid("1.2.3") is not None
    assert name_texts.oid("1.x") is None
    assert name_texts.distinguished_name("O=Example") is not None
    assert name_texts.distinguished_name("") is None
    assert name_texts.distinguished_name("Example") is None
    assert name_texts.is_der_hex("0500")
    assert not name_texts.is_der_hex("05")
    assert not name_texts.is_der_hex("05 00")
    assert not name_texts.is_der_hex("zz")


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    """Nothing raises."""
    name_texts.ip_address(text)
    name_texts.canonical_ip_address(text)
    name_texts.mail_problem(text)
    name_texts.upn_problem(text)
    name_texts.scheme_and_host(text)
    name_texts.scheme_and_host("https://" + text)
    name_texts.oid(text)
    name_texts.distinguished_name(text)
    name_texts.distinguished_name("CN=" + text)
    name_texts.is_der_hex(text)
