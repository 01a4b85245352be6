"""Tests of emca_daemon.policy.subjects."""

from dataclasses import replace

import pytest
from cryptography.x509.name import _ASN1Type as StringType

from emca_daemon.names import AlternativeName, NameType, Subject
from emca_daemon.policy.subjects import chosen_subject, encoded_subject, presence_mismatches
from tests.support.policy_world import dns, profile, subject

CA: dict[str, object] = {
    "kind": "sub-ca",
    "key_usage": {"bits": ["key-cert-sign", "crl-sign"]},
}
RULES: dict[str, object] = {
    "attributes": [
        {"type": "countryName", "use": "fixed", "value": "DE"},
        {"type": "organizationName", "use": "required"},
        {"type": "organizationalUnitName", "use": "optional", "maximum": 2},
        {"type": "title", "use": "forbidden"},
        {"type": "commonName", "use": "optional", "pattern": "[a-z ]+"},
    ],
}
ORDERED: dict[str, object] = {"subject": RULES}


def asked(table: dict[str, object], wanted: Subject, *names: AlternativeName) -> tuple[str, list[str]]:
    """The subject as text, and the fields of the mismatches."""
    rules = profile(table).subject
    chosen, found = chosen_subject(rules, wanted, names)
    return encoded_subject(rules, chosen).rfc4514_string() if not found else "", [m.field for m in found]


def test_the_profile_sets_the_order() -> None:
    """Whatever order the request has; fixed values are written even where nothing was asked."""
    assert asked(ORDERED, subject(CN="a b", OU="x", O="Example")) == ("CN=a b,OU=x,O=Example,C=DE", [])
    assert asked(ORDERED, subject(O="Example", C="DE")) == ("O=Example,C=DE", [])


def test_the_requester_may_set_the_order() -> None:
    """And what is in one relative name; where something is added or left out, the profile does."""
    table: dict[str, object] = {"subject": {**RULES, "order": "as-requested"}}
    mixed = (*subject(CN="a b"), *subject(O="Example"), replace(subject(OU="x")[0], joined=True), *subject(C="DE"))
    assert asked(table, mixed) == ("C=DE,O=Example+OU=x,CN=a b", [])
    assert asked(table, mixed[:3]) == ("CN=a b,OU=x,O=Example,C=DE", [])
    assert asked(ORDERED, mixed) == ("CN=a b,OU=x,O=Example,C=DE", [])


BAD = [
    (subject(), ["subject.organizationName"]),
    (subject(O="Example", C="FR"), ["subject.countryName"]),
    (subject(O=" "), ["subject.organizationName"]),
    (subject(O="Example", CN="X"), ["subject.commonName"]),
    (subject(O="Example") * 2, ["subject.organizationName"]),
    (subject(O="Example") + subject(OU="x") * 2, []),
    (subject(O="Example") + subject(OU="x") * 3, ["subject.organizationalUnitName"]),
]


@pytest.mark.parametrize(("wanted", "fields"), BAD)
def test_each_attribute_is_held_against_its_rule(wanted: Subject, fields: list[str]) -> None:
    """Missing, foreign, overlong, unmatched and repeated ones are told."""
    assert asked(ORDERED, wanted)[1] == fields


def test_a_forbidden_attribute_is_refused() -> None:
    """It must not even be asked for."""
    table: dict[str, object] = {"subject": {"attributes": [{"type": "organizationName", "use": "forbidden"}]}}
    assert asked(table, subject(O="Example")) == ("", ["subject.organizationName"])
    assert asked(table, ()) == ("", [])


def test_attributes_without_a_rule_are_refused_or_dropped() -> None:
    """As the profile says."""
    assert asked({"subject": {}}, subject(O="Example", OU="x"))[1] == [
        "subject.organizationName",
        "subject.organizationalUnitName",
    ]
    assert asked({"subject": {"unlisted": "drop"}}, subject(O="Example")) == ("", [])


FIRST: dict[str, object] = {"subject": {"common_name": "first-dns-name", "unlisted": "drop"}, "names": {"dns": {}}}
LONG = "a" * 60 + ".example"
ADDRESS = AlternativeName(NameType.IP, "2001:db8::1")

COMMON_NAMES = [
    (subject(), dns("b.example", "a.example"), "CN=b.example", []),
    (subject(CN="A.example"), dns("b.example", "a.example"), "CN=a.example", []),
    (subject(CN="c.example"), dns("b.example"), "", ["subject.commonName"]),
    (subject(), dns(LONG, "a.example"), "CN=a.example", []),
    (subject(CN=LONG), dns(LONG), "", []),
    (subject(), (ADDRESS,), "", []),
    (subject(CN="2001:DB8:0::1"), (ADDRESS,), "", []),
    (subject(CN="192.0.2.1"), (ADDRESS,), "", ["subject.commonName"]),
    (subject(O="Example"), (ADDRESS, *dns("a.example")), "CN=a.example", []),
]


@pytest.mark.parametrize(("wanted", "names", "written", "fields"), COMMON_NAMES)
def test_the_common_name_is_one_of_the_names(
    wanted: Subject, names: tuple[AlternativeName, ...], written: str, fields: list[str]
) -> None:
    """The one asked for or the first that fits, never an address, never a foreign one."""
    assert asked(FIRST, wanted, *names) == (written, fields)


def test_without_common_name_it_must_be_among_the_names_and_is_left_out() -> None:
    """The request may repeat a name, and gets none."""
    table: dict[str, object] = {"subject": {"common_name": "none"}}
    assert asked(table, subject(CN="a.example"), *dns("a.example")) == ("", [])
    assert asked(table, subject(CN="b.example"), *dns("a.example")) == ("", ["subject.commonName"])


def test_string_types_are_the_profile_s() -> None:
    """Automatic where nothing is said."""
    attributes = [{"type": "organizationName", "string_type": "printable"}, {"type": "commonName"}]
    rules = profile(subject={"attributes": attributes}).subject
    name = encoded_subject(rules, subject(O="Example", CN="a"))
    assert [attribute._type for attribute in name] == [StringType.PrintableString, StringType.UTF8String]


def test_a_certificate_says_whose_it_is() -> None:
    """By subject or names; a CA by its subject."""
    server, authority = profile(), profile(CA)
    assert presence_mismatches(server, (), dns("a.b")) == []
    assert presence_mismatches(server, subject(CN="a"), ()) == []
    assert [m.field for m in presence_mismatches(server, (), ())] == ["subject"]
    assert presence_mismatches(authority, subject(CN="a"), ()) == []
    assert [m.field for m in presence_mismatches(authority, (), dns("a.b"))] == ["subject"]
