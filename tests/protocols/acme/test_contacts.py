"""Contact addresses."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.contacts import read_contacts
from emca_daemon.protocols.acme.errors import AcmeRefusal


def test_contacts_are_kept_once_each() -> None:
    """In the order in which they came."""
    assert read_contacts(["mailto:b@example.com", "mailto:a+x@example.com", "mailto:b@example.com"]) == (
        "mailto:b@example.com",
        "mailto:a+x@example.com",
    )
    assert read_contacts(None) == read_contacts([]) == ()


def test_hosts_of_private_networks_need_no_dot() -> None:
    """Clients of private authorities give `admin@localhost`, franztls always."""
    assert read_contacts(["mailto:admin@localhost"]) == ("mailto:admin@localhost",)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("mailto:a@example.com", "malformed"),
        ([7], "malformed"),
        (["mailto:a@example.com"] * 11, "malformed"),
        (["tel:+12025551212"], "unsupportedContact"),
        (["https://example.com"], "unsupportedContact"),
        ([""], "invalidContact"),
        (["admin@example.com"], "invalidContact"),
        (["mailto:"], "invalidContact"),
        (["mailto:admin"], "invalidContact"),
        (["mailto:a@exa mple.com"], "invalidContact"),
        (["mailto:a@example.com?subject=x"], "invalidContact"),
        (["mailto:a@example.com,b@example.com"], "invalidContact"),
        (["mailto:ü@example.com"], "invalidContact"),
        (["mailto:a@bücher.example"], "invalidContact"),
        (["mailto:.a@example.com"], "invalidContact"),
        (["mailto:" + "a" * 250 + "@example.com"], "invalidContact"),
        (["mailto:a@example.com\x00"], "invalidContact"),
    ],
)
def test_other_contacts_are_refused(value: object, kind: str) -> None:
    """Each with the type of RFC 8555 7.3."""
    with pytest.raises(AcmeRefusal) as refused:
        read_contacts(value)
    assert refused.value.problem.type == kind


@given(st.lists(st.text(max_size=40), max_size=3))
def test_any_texts_give_contacts_or_a_refusal(texts: list[str]) -> None:
    """Nothing else comes out."""
    with suppress(AcmeRefusal):
        read_contacts([f"mailto:{text}" for text in texts])
