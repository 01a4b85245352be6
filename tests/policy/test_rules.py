"""Tests of emca_daemon.policy.rules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.errors import Reason
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.rules import VARIABLES, Expression, rule_mismatches, rule_values
from tests.support.policy_world import dns, facts, problems_of, profile, subject

REQUEST = facts(
    (*dns("a.example", "b.example"), AlternativeName(NameType.IP, "192.0.2.1"), AlternativeName(NameType.EMAIL, "a@b")),
    (*subject(O="Example"), *subject(OU="x"), *subject(OU="y")),
)
DAY = timedelta(days=1)

TRUE = [
    "true",
    "size(dns) == 2 && 'a.example' in dns",
    "dns.all(name, name.endsWith('.example'))",
    "names.exists(n, n == 'ip:192.0.2.1') && names . filter ( m , m.startsWith('dns:')).size() == 2",
    "ip == ['192.0.2.1'] && email == ['a@b']",
    "subject.organizationName == 'Example' && subject.organizationalUnitName == ['x', 'y']",
    "!has(subject.commonName)",
    "key.algorithm == 'ec' && key.parameter == 'p-256' && key.bits == 256 && key.exponent == 0",
    "requester.protocol == 'acme' && 'staff' in requester.groups && requester.identity.matches('^account-[0-9]+$')",
    "validity_seconds == 24 * 60 * 60 && request_signature == 'ecdsa-with-SHA256'",
    "type(key.bits) == int",
]


@pytest.mark.parametrize("text", TRUE)
def test_a_rule_that_comes_out_true_holds(text: str) -> None:
    """Over every variable there is."""
    assert Expression.parse(text).holds(rule_values(REQUEST, DAY))


NOT_TRUE = ["false", "1", "'true'", "dns", "subject.commonName == 'a'", "1 / 0 == 1", "dns[7] == 'x'", "int('x') == 1"]


@pytest.mark.parametrize("text", NOT_TRUE)
def test_a_rule_that_does_not_come_out_true_does_not_hold(text: str) -> None:
    """False, no truth value, a missing key, an error: all are no."""
    assert not Expression.parse(text).holds(rule_values(REQUEST, DAY))


BROKEN = ["", "1 +", "dns.all(name, other == 'x')", "now > 5", "lookup('x')", "'a'.lowerAscii() == 'a'", "(" * 500]
LOOP = "dns.all(a, dns.exists(b, {}))"
SLOW = [
    LOOP.format("ip.map(c, c) == []"),
    LOOP.format(" (names\t. filter (c, true)) == []"),
    LOOP.format("r'\\' == '' && ip.all(c, true)"),
    "true" + " && true" * 500,
]
NOT_SLOW = [
    LOOP.format("a != '.all(' && b != \".map(\" && r'\\' != ''"),
    f"{LOOP} && {LOOP}".format("size(a) > 0", "size(b) > 0") + " // .all( .all( .all(",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_rule_is_refused_at_load(text: str) -> None:
    """No CEL, an unknown variable, an unknown function."""
    found = problems_of({"rules": [{"expression": text, "message": "no"}]})
    assert [key for key, _ in found] == ["rules[0].expression"]


@pytest.mark.parametrize("text", SLOW)
def test_a_rule_that_could_take_very_long_is_refused_at_load(text: str) -> None:
    """Three loops within one another, or a very long text."""
    found = problems_of({"rules": [{"expression": text, "message": "no"}]})
    assert [(key, "expected a" in problem) for key, problem in found] == [("rules[0].expression", True)]
    assert "CEL expression" not in found[0][1]


@pytest.mark.parametrize("text", NOT_SLOW)
def test_two_loops_within_one_another_are_allowed(text: str) -> None:
    """And any number of them one after the other; what texts and comments hold is no code."""
    assert Expression.parse(text).holds(rule_values(REQUEST, DAY))


def test_no_rule_holds_for_a_request_that_is_too_large() -> None:
    """More names than the profile allows, or very many attributes: they are not asked, which takes no time."""
    rules = profile(rules=[{"expression": "true", "message": "no"}]).rules
    assert rule_mismatches(rules, REQUEST, DAY, 4) == []
    assert [m.field for m in rule_mismatches(rules, REQUEST, DAY, 3)] == ["rules[0]"]
    many = replace(REQUEST, subject=subject(OU="x") * 101)
    assert [m.field for m in rule_mismatches(rules, many, DAY, 4)] == ["rules[0]"]


def test_a_rule_needs_a_message() -> None:
    """The requester must be told something."""
    assert [key for key, _ in problems_of({"rules": [{"expression": "true", "message": ""}]})] == ["rules[0].message"]


def test_every_rule_that_does_not_hold_is_told() -> None:
    """With its message, in order."""
    rules = profile(
        rules=[
            {"expression": "false", "message": "first"},
            {"expression": "true", "message": "second"},
            {"expression": "subject.title == 'x'", "message": "third"},
        ]
    ).rules
    found = rule_mismatches(rules, REQUEST, DAY, 4)
    assert [(m.field, m.detail) for m in found] == [("rules[0]", "first"), ("rules[2]", "third")]
    assert {m.reason for m in found} == {Reason.PROFILE_REFUSED}


def test_every_variable_is_filled_and_documented() -> None:
    """No more and no fewer; a huge exponent stays within CEL's numbers."""
    huge = replace(REQUEST, key=replace(REQUEST.key, exponent=2**2000))
    values = rule_values(huge, DAY)
    assert set(values) == set(VARIABLES)
    assert Expression.parse("key.exponent > 65537").holds(values)
