"""Tests of emca_daemon.policy.profile_subject."""

import pytest

from tests.support.policy_world import problems_of, profile

CASES = [
    ({"type": "organizationName"}, "Example", None),
    ({"type": "organizationName"}, "", "must have 1 to 64 characters"),
    ({"type": "organizationName"}, "x" * 65, "must have 1 to 64 characters"),
    ({"type": "organizationName"}, " x", "must hold printable characters, and no spaces at its ends"),
    ({"type": "organizationName"}, "a\0b", "must hold printable characters, and no spaces at its ends"),
    ({"type": "organizationName"}, "a\u202eb", "must hold printable characters, and no spaces at its ends"),
    ({"type": "organizationName"}, "Bücher", None),
    (
        {"type": "organizationName", "string_type": "printable"},
        "Bücher",
        "holds characters that PrintableString cannot",
    ),
    ({"type": "organizationName", "string_type": "printable"}, "a@b", "holds characters that PrintableString cannot"),
    ({"type": "organizationName", "string_type": "ia5"}, "a@b", None),
    ({"type": "countryName"}, "DE", None),
    ({"type": "countryName"}, "D", "must have 2 to 2 characters"),
    ({"type": "countryName"}, "é1", "holds characters that PrintableString cannot"),
    ({"type": "emailAddress"}, "é@x", "holds characters that IA5String cannot"),
    ({"type": "commonName", "pattern": "[a-z]+"}, "abc", None),
    ({"type": "commonName", "pattern": "[a-z]+"}, "abc1", "does not match the pattern of this profile"),
    ({"type": "1.2.3.4"}, "x" * 256, None),
]


@pytest.mark.parametrize(("rule", "value", "problem"), CASES)
def test_values_are_bounded_and_written_in_their_string_type(
    rule: dict[str, str], value: str, problem: str | None
) -> None:
    """Length, characters and pattern, in this order."""
    assert profile(subject={"attributes": [rule]}).subject.attributes[0].problem(value) == problem


CONTRADICTIONS: list[tuple[dict[str, object], list[str]]] = [
    ({"attributes": [{"type": "O"}]}, ["subject.attributes[0].type"]),
    ({"attributes": [{"type": "countryName", "use": "fixed"}]}, ["subject.attributes[0].value"]),
    ({"attributes": [{"type": "countryName", "value": "DE"}]}, ["subject.attributes[0].value"]),
    ({"attributes": [{"type": "countryName", "use": "fixed", "value": "GER"}]}, ["subject.attributes[0].value"]),
    ({"attributes": [{"type": "title"}, {"type": "title"}]}, ["subject.attributes[1].type"]),
    ({"common_name": "none", "attributes": [{"type": "commonName"}]}, ["subject.attributes[0].type"]),
]


@pytest.mark.parametrize(("rules", "keys"), CONTRADICTIONS)
def test_rules_that_cannot_hold_together_are_refused(rules: dict[str, object], keys: list[str]) -> None:
    """At load, with the key that is wrong."""
    assert [key for key, _ in problems_of({"subject": rules})] == keys


def test_several_fixed_values_of_one_type_are_allowed() -> None:
    """As domain components are."""
    parts = [{"type": "domainComponent", "use": "fixed", "value": value} for value in ("example", "corp")]
    rules = profile(subject={"attributes": parts}).subject
    assert rules.fixed_values["0.9.2342.19200300.100.1.25"] == {"example", "corp"}
