"""How single texts in settings must look."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.settings.findings import (
    is_address,
    is_host_pattern,
    is_network,
    is_path,
    is_port,
    is_realm,
    is_resolver,
    is_url,
)
from emca_daemon.settings.findings import names as check_names


def is_web(text: str) -> bool:
    """A web address."""
    return is_url(text, "https", "http")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_address, ["127.0.0.1", "::1"], ["localhost", "1.2.3", "127.0.0.1/8", ""]),
        (is_network, ["10.0.0.0/8", "::/0", "1.2.3.4"], ["10.0.0.1/8", "ten"]),
        (is_port, ["1", "65535"], ["0", "65536", "070", "x", ""]),
        (
            is_resolver,
            ["9.9.9.9", "9.9.9.9:53", "::1", "[::1]:53"],
            ["dns:53", "9.9.9.9:", "[9.9.9.9]:53", "9.9.9.9:0"],
        ),
        (is_host_pattern, ["a.test", "*.a.test", "_dns.a", "localhost"], ["A.test", "*", "a..b", "-a.b", "a.*.b", ""]),
        (is_realm, ["est", "a b", "~!#'"], ["", "a:b", 'a"b', "a\\b", "a\nb", "Geräte", "設備", "a\x7f"]),
        (is_path, ["/a", "/a/b-c_d.e~f"], ["", "/", "a", "/a/", "/a//b", "/a?b", "/a%20"]),
        (
            is_web,
            ["http://a", "https://a:8443/b?c"],
            ["ftp://a", "http:///a", "http://u@a", "http://a#b", "http://a b"],
        ),
        (is_web, ["http://[::1]/"], ["http://[::1", "http://a:99999", "http://a\n", "https:a", "a"]),
    ],
)
def test_a_form_is_recognised(check: Callable[[str], bool], good: list[str], bad: list[str]) -> None:
    """Texts of that form pass, near misses do not."""
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


@pytest.mark.parametrize(
    "check", [is_address, is_network, is_port, is_resolver, is_host_pattern, is_path, is_realm, is_web]
)
@given(text=st.text(max_size=80))
def test_any_text_gets_an_answer(check: Callable[[str], bool], text: str) -> None:
    """No text whatsoever makes a check fail."""
    assert check(text) in (True, False)


def test_names_of_tables_are_plain() -> None:
    """Whatever is odd in a file name or an address is told."""
    findings = list(check_names("signers", ["disk", "a-b_c.1", "a b", "", "../a", "x" * 64]))
    assert [key for key, _ in findings] == ["signers.a b", "signers.", "signers.../a", f"signers.{'x' * 64}"]
