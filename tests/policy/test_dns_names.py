"""Tests of emca_daemon.policy.dns_names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.policy.dns_names import DnsPattern, DnsPatterns, dns_name_problem

GOOD = [
    "example.com",
    "a.b",
    "xn--bcher-kva.example",
    "1.example",
    "a-b.c",
    "x" * 63 + ".y",
    "localhost",
    "a1",
    "ab--"[:2],
]
BAD = {
    "": "is empty",
    "a." * 127 + "aa": "longer than 253",
    "bücher.example": "beyond ASCII",
    "example.com.": "ends with a dot",
    "*.example.com": "wildcards are not allowed",
    "*": "has a *",
    "a.*.b": "has a *",
    "a*.b": "has a *",
    "a..b": "empty label",
    ".a": "empty label",
    "x" * 64 + ".y": "longer than 63",
    "-a.b": "letters, digits",
    "a-.b": "letters, digits",
    "A.b": "letters, digits",
    "a b": "letters, digits",
    "a\0b": "letters, digits",
    "%61.b": "letters, digits",
    "a_b.c": "letters, digits",
    "a.b:80": "letters, digits",
    "http://a.b": "letters, digits",
    "ab--c.d": "places 3 and 4",
    "xn--.example": "letters, digits",
    "xn--a.example": "not a valid A-label",
    "xn--aaaa\u0061---x.example": "not a valid A-label",
    "10.0.0.1": "ends in a number",
    "example.0x1f": "ends in a number",
    "::1": "letters, digits",
}


@pytest.mark.parametrize("name", GOOD)
def test_host_names_have_no_problem(name: str) -> None:
    """Letters, digits, inner hyphens, valid A-labels."""
    assert dns_name_problem(name, wildcard=False) is None


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_host_name_is_told(name: str) -> None:
    """Each fault has its sentence."""
    problem = dns_name_problem(name, wildcard=False)
    assert problem is not None
    assert BAD[name] in problem


@pytest.mark.parametrize("name", ["*.*.x", "*.10.0.0.1", "*", "*.", "*..a", "a.*"])
def test_a_wildcard_is_one_whole_left_most_label(name: str) -> None:
    """And what is behind it is a host name."""
    assert dns_name_problem(name, wildcard=True) is not None


def test_wildcards_underscores_and_single_labels_are_a_choice() -> None:
    """Each is allowed only where it is said."""
    assert dns_name_problem("*.example.com", wildcard=True) is None
    assert dns_name_problem("_dmarc.a_b.com", wildcard=False, underscores=True) is None
    assert dns_name_problem("localhost", wildcard=False, single_label=False) == "has a single label"
    assert dns_name_problem("*.com", wildcard=True, single_label=False) == "is a wildcard over a whole top-level domain"
    assert dns_name_problem("*.com", wildcard=True, single_label=True) is None


@given(st.text(max_size=260))
def test_any_text_gets_an_answer(text: str) -> None:
    """None or a sentence, and never a name that is not ASCII."""
    problem = dns_name_problem(text, wildcard=True, underscores=True)
    assert problem or text.isascii()


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-", max_size=59))
def test_any_a_label_gets_an_answer(text: str) -> None:
    """Punycode of any kind is read or refused."""
    problem = dns_name_problem(f"xn--{text}.example", wildcard=False)
    assert problem is None or "label" in problem


@pytest.mark.parametrize("text", ["", ".", "*.example.com", "a..b", "-a", "exa mple", "..a"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    """`*`, `.name` and `name` alone are patterns."""
    with pytest.raises(ValueError, match="DNS pattern"):
        DnsPattern.parse(text)


def patterns(*texts: str) -> DnsPatterns:
    """Patterns from text."""
    return DnsPatterns(tuple(DnsPattern.parse(text) for text in texts))


COVERS = [
    ("*", "a.b", True),
    ("*", "*.b", True),
    (".Example.com", "a.example.com", True),
    (".example.com", "b.a.example.com", True),
    (".example.com", "example.com", False),
    (".example.com", "*.example.com", True),
    (".example.com", "badexample.com", False),
    ("example.com", "example.com", True),
    ("example.com", "a.example.com", False),
    ("example.com", "*.example.com", False),
    (".a.example.com", "*.example.com", False),
]


@pytest.mark.parametrize(("pattern", "name", "covered"), COVERS)
def test_a_pattern_covers_all_that_a_name_stands_for(pattern: str, name: str, covered: bool) -> None:
    """A wildcard is covered only where every name in its place is."""
    assert patterns("other.example", pattern).cover(name) is covered


TOUCHES = [
    ("a.example.com", "*.example.com", True),
    (".example.com", "*.example.com", True),
    ("b.a.example.com", "*.example.com", False),
    (".a.example.com", "*.example.com", False),
    ("example.com", "*.example.com", False),
    ("a.example.com", "b.example.com", False),
    ("a.example.com", "a.example.com", True),
]


@pytest.mark.parametrize(("pattern", "name", "touched"), TOUCHES)
def test_a_pattern_touches_any_that_a_name_stands_for(pattern: str, name: str, touched: bool) -> None:
    """A wildcard is touched where one name in its place is."""
    assert patterns(pattern).touch(name) is touched


def test_no_pattern_covers_nothing() -> None:
    """An empty list permits and excludes nothing."""
    assert not DnsPatterns(()).cover("a.b")
    assert not DnsPatterns(()).touch("*.b")
