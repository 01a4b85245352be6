"""Identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.identifiers import (
    base_of,
    check_identifiers,
    identifier_document,
    is_wildcard,
    read_ancestors,
    read_identifiers,
)
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import BY

PROFILE = AcmeWorld().profiles[SETTINGS.profile]


def name(value: str) -> AlternativeName:
    """A DNS name."""
    return AlternativeName(NameType.DNS, value)


def test_a_wildcard_is_proved_at_its_base() -> None:
    """RFC 8555 7.1.4."""
    assert is_wildcard(name("*.a.example"))
    assert base_of(name("*.a.example")) == name("a.example")
    assert base_of(name("a.example")) == name("a.example")
    assert not is_wildcard(AlternativeName(NameType.URI, "*.x"))


def test_documents_and_back() -> None:
    """What is written is read."""
    names = (name("a.example"), name("*.b.example"))
    assert read_identifiers([identifier_document(one) for one in names], 2) == names


def test_every_fault_is_told_once() -> None:
    """Syntax faults are not asked of policy again."""
    with pytest.raises(Refused) as refused:
        check_identifiers((name("a..b"), name("a.example"), name("*.c.example")), PROFILE, BY, ("http-01",))
    assert "a..b" in refused.value.detail
    assert "1 more problem" in refused.value.detail


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    """What passes is lower-case ASCII."""
    try:
        (read,) = read_identifiers([{"type": "dns", "value": text}], 1)
        check_identifiers((read,), PROFILE, BY, SETTINGS.challenges)
    except Refused:
        return
    assert read.value == read.value.lower()
    assert read.value.isascii()
    assert text.isascii()


def test_no_other_letter_becomes_an_ascii_one() -> None:
    """U+212A in lower case would be `k`: such names are rejected, and nothing lies beneath such ancestors."""
    kelvin = "\N{KELVIN SIGN}.example"
    names = read_identifiers([{"type": "dns", "value": kelvin}], 1)
    assert names == (name(kelvin),)
    with pytest.raises(Refused) as refused:
        check_identifiers(names, PROFILE, BY, SETTINGS.challenges)
    assert refused.value.reason is Reason.NAME_REFUSED
    with pytest.raises(Refused, match="does not lie beneath"):
        read_ancestors([{"type": "dns", "value": "a.k.example", "ancestorDomain": kelvin}], (name("a.k.example"),))
