"""Tests of emca_daemon.policy.profile_names."""

import pytest

from emca_daemon.names import NameType
from emca_daemon.policy.profile_names import EXCLUDED, NOT_PERMITTED
from tests.support.policy_world import problems_of, profile

Table = dict[str, object]

CASES: list[tuple[NameType, Table, str, str | None]] = [
    (NameType.DNS, {}, "a.example", None),
    (NameType.DNS, {}, "*.example.com", "is a wildcard"),
    (NameType.DNS, {}, "localhost", "single label"),
    (NameType.DNS, {}, "_a.example", "letters"),
    (NameType.DNS, {"underscores": True}, "_a.example", None),
    (NameType.DNS, {"single_label": True}, "localhost", None),
    (NameType.DNS, {"permitted": [".example.com"]}, "a.example.org", NOT_PERMITTED),
    (NameType.DNS, {"permitted": ["a.example.com"], "wildcards": True}, "*.example.com", NOT_PERMITTED),
    (NameType.DNS, {"excluded": ["a.example.com"], "wildcards": True}, "*.example.com", EXCLUDED),
    (NameType.DNS, {"excluded": ["a.example.com"]}, "b.example.com", None),
    (NameType.IP, {}, "192.0.2.1", None),
    (NameType.IP, {}, "2001:db8::1", None),
    (NameType.IP, {}, "2001:DB8::1", "canonical"),
    (NameType.IP, {"permitted": ["10.0.0.0/8"]}, "192.0.2.1", NOT_PERMITTED),
    (NameType.IP, {"excluded": ["10.0.0.0/8"]}, "10.0.0.1", EXCLUDED),
    (NameType.IP, {"excluded": ["10.0.0.0/8"]}, "::ffff:10.0.0.1", EXCLUDED),
    (NameType.EMAIL, {}, "a@b.example", None),
    (NameType.EMAIL, {}, "a b@c", "is not a mailbox"),
    (NameType.EMAIL, {"permitted": ["b.example"]}, "a@c.example", NOT_PERMITTED),
    (NameType.EMAIL, {"excluded": ["a@b.example"]}, "a@b.example", EXCLUDED),
    (NameType.EMAIL, {"excluded": ["a@b.example"]}, "A@b.example", EXCLUDED),
    (NameType.EMAIL, {"permitted": ["a@b.example"]}, "A@b.example", NOT_PERMITTED),
    (NameType.UPN, {"excluded": ["admin@corp.example"]}, "Admin@corp.example", EXCLUDED),
    (NameType.UPN, {}, "a b@corp.example", None),
    (NameType.UPN, {}, "a", "is not a user principal name"),
    (NameType.UPN, {"permitted": ["corp.example"]}, "a@other.example", NOT_PERMITTED),
    (NameType.URI, {}, "https://a.example/", None),
    (NameType.URI, {}, "a", "is not an absolute URI"),
    (NameType.URI, {}, "http://a.example/", "has a scheme (http)"),
    (NameType.URI, {"schemes": ["urn"]}, "urn:x:y", None),
    (NameType.URI, {"schemes": ["urn"], "permitted": [".a.b"]}, "urn:x:y", NOT_PERMITTED),
    (NameType.URI, {"excluded": [".example"]}, "https://a.example/", EXCLUDED),
    (NameType.REGISTERED_ID, {"permitted": ["1.2"]}, "1.2.3", None),
    (NameType.REGISTERED_ID, {"permitted": ["1.2"]}, "1.3", NOT_PERMITTED),
    (NameType.REGISTERED_ID, {"permitted": ["1.2"]}, "x", "is not an object identifier"),
    (NameType.REGISTERED_ID, {"permitted": ["1.2"], "excluded": ["1.2.3"]}, "1.2.3.4", EXCLUDED),
    (NameType.DIRECTORY, {}, "CN=a,O=b", None),
    (NameType.DIRECTORY, {}, "", "is not a distinguished name"),
    (NameType.DIRECTORY, {"permitted": ["O=b"]}, "CN=a,O=c", NOT_PERMITTED),
    (NameType.DIRECTORY, {"excluded": ["O=b"]}, "CN=a,O=B", EXCLUDED),
    (NameType.OTHER, {"permitted": ["1.2"]}, "1.2.3:0500", None),
    (NameType.OTHER, {"permitted": ["1.2"]}, "1.3.3:0500", NOT_PERMITTED),
    (NameType.OTHER, {"permitted": ["1.2"]}, "1.2.3:05", "and a DER value"),
    (NameType.OTHER, {"permitted": ["1.2"]}, "x:0500", "is not an object identifier"),
]


@pytest.mark.parametrize(("kind", "rules", "value", "problem"), CASES)
def test_each_type_has_its_rules(kind: NameType, rules: Table, value: str, problem: str | None) -> None:
    """Syntax first, then what is permitted, then what is excluded."""
    of_type = profile(names={kind.value.replace("-", "_"): rules}).names.by_type[kind]
    found = of_type.problem(value)
    assert found == problem or (problem is not None and found is not None and problem in found)


def test_a_type_without_a_table_is_not_allowed() -> None:
    """An empty table allows it."""
    assert set(profile(names={"dns": {}, "upn": {}}).names.by_type) == {NameType.DNS, NameType.UPN}


def test_bounds_that_nothing_satisfies_are_refused() -> None:
    """More needed than allowed, or needed without a type."""
    found = problems_of({"names": {"minimum": 2, "maximum": 1}})
    assert [key for key, _ in found] == ["names.minimum", "names.minimum"]


def test_object_identifiers_are_listed() -> None:
    """For registered ids and other names there is no `every`."""
    assert [key for key, _ in problems_of({"names": {"other": {}, "registered_id": {"permitted": []}}})] == [
        "names.registered_id.permitted",
        "names.other.permitted",
    ]


def test_schemes_that_no_uri_has_are_told() -> None:
    """They would refuse every request."""
    for schemes in ([], ["HTTPS"]):
        assert [key for key, _ in problems_of({"names": {"uri": {"schemes": schemes}}})] == ["names.uri.schemes"]
