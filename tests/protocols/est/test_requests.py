"""Requests and their attributes."""

from pathlib import Path

import pytest
from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.est.requests import (
    CHALLENGE_PASSWORD,
    CHANGE_SUBJECT_NAME,
    EnrollmentRequest,
    new_names,
    read_request,
)
from tests.support.est_world import request

BY = Requester("est", "alice", "password", "192.0.2.9", "r")
SUBJECT = x509.Name.from_rfc4514_string("CN=new").public_bytes()
NAMES = der.tlv(0xA1, der.implicit(2, b"new.example"))


def read(*attributes: tuple[str, bytes], name: str = "device-1") -> EnrollmentRequest:
    """A request with these attributes, read."""
    return read_request(request(None, name, attributes=attributes), BY, WeakKeys())


@pytest.mark.parametrize(
    ("tag", "encoding"), [(0x0C, "utf-8"), (0x13, "ascii"), (0x16, "ascii"), (0x14, "latin-1"), (0x1E, "utf-16-be")]
)
def test_the_challenge_password_is_text_of_any_kind(tag: int, encoding: str) -> None:
    """Printable or not."""
    assert read((CHALLENGE_PASSWORD, der.tlv(tag, "abc".encode(encoding)))).challenge == "abc"
    assert read().challenge is None


@pytest.mark.parametrize("value", [der.integer(1), der.tlv(0x13, b"\xff"), b""])
def test_a_challenge_password_that_is_none_is_refused(value: bytes) -> None:
    """MALFORMED; so is an attribute without a value."""
    with pytest.raises(Refused) as refused:
        read((CHALLENGE_PASSWORD, value))
    assert refused.value.reason is Reason.MALFORMED


def test_an_attribute_may_have_several_values() -> None:
    """Those that mean nothing here; the others have one, and are there once."""
    one, two = der.tlv(0x0C, b"abc"), der.tlv(0x0C, b"abd")
    found = read(("1.2.840.113549.1.9.8", one + two), (CHALLENGE_PASSWORD, one))
    assert (found.challenge, found.attributes["1.2.840.113549.1.9.8"]) == ("abc", b"abc")
    for given in (((CHALLENGE_PASSWORD, one + two),), ((CHALLENGE_PASSWORD, one), (CHALLENGE_PASSWORD, two))):
        with pytest.raises(Refused) as refused:
            read(*given)
        assert refused.value.reason is Reason.MALFORMED


def test_attributes_may_be_in_any_order() -> None:
    """As strongSwan writes them: the challenge and the names are found all the same."""
    data = (Path(__file__).parents[2] / "vectors" / "scep" / "strongswan-unsorted-attrs.csr.der").read_bytes()
    found = read_request(data, BY, WeakKeys())
    assert found.challenge
    assert found.facts.names


def test_new_names_are_read() -> None:
    """Subject, alternative names, or both (RFC 6402 2.8)."""
    assert new_names(read()) is None
    both = new_names(read((CHANGE_SUBJECT_NAME, der.sequence(SUBJECT, NAMES))))
    assert both is not None
    assert [one.value for one in both.subject or ()] == ["new"]
    assert both.names == (AlternativeName(NameType.DNS, "new.example"),)
    only = new_names(read((CHANGE_SUBJECT_NAME, der.sequence(NAMES))))
    assert only is not None
    assert only.subject is None


@pytest.mark.parametrize("content", [der.integer(1), NAMES + SUBJECT, SUBJECT + SUBJECT])
def test_new_names_in_disorder_are_refused(content: bytes) -> None:
    """MALFORMED."""
    with pytest.raises(Refused):
        new_names(read((CHANGE_SUBJECT_NAME, der.sequence(content))))


def test_extensions_that_are_the_issuers_are_overlooked() -> None:
    """Clients copy the old certificate's authorityKeyIdentifier into their renewals."""
    extension = der.extension(der.oid("2.5.29.35"), der.sequence(der.implicit(0, bytes(20))))
    usage = der.extension(der.oid("2.5.29.15"), der.tlv(0x03, b"\x07\x80"))
    facts = read(("1.2.840.113549.1.9.14", der.sequence(extension, usage))).facts
    assert [one.oid for one in facts.extensions] == ["2.5.29.15"]


def test_a_common_name_may_stand_in_for_names() -> None:
    """Where names are needed and none is given."""
    found = read_request(request(None, "a.example"), BY, WeakKeys(), needs_names=True).facts
    assert found.names == (AlternativeName(NameType.DNS, "a.example"),)
    assert read(name="a.example").facts.names == ()
