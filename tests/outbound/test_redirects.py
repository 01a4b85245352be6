"""Where fetches may be led."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.redirects import Target, address_target, redirected, target

PORTS = frozenset({80, 443, 5002})
HERE = target("http://a.example:5002/.well-known/acme-challenge/x", PORTS)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/x", Target("http", "a.example", 80, "http://a.example/x")),
        ("https://a.example:443/x", Target("https", "a.example", 443, "https://a.example/x")),
        ("http://A.Example", Target("http", "a.example", 80, "http://a.example/")),
        ("http://a.example./x", Target("http", "a.example", 80, "http://a.example/x")),
        ("http://a.example:5002/x?q=1&r#f", Target("http", "a.example", 5002, "http://a.example:5002/x?q=1&r")),
        ("https://a_b.example:80/", Target("https", "a_b.example", 80, "https://a_b.example:80/")),
        ("http://localhost/%20x", Target("http", "localhost", 80, "http://localhost/%20x")),
    ],
)
def test_an_address_is_taken_apart(url: str, expected: Target) -> None:
    """Names in lower case, default ports left out, no fragment."""
    assert target(url, PORTS) == expected


def test_an_address_that_was_ordered_is_fetched_from() -> None:
    """As a URL writes it (RFC 8738 4)."""
    assert address_target("192.0.2.1", 80, "/x") == Target("http", "192.0.2.1", 80, "http://192.0.2.1/x")
    wanted = Target("http", "2001:db8::1", 5002, "http://[2001:db8::1]:5002/x")
    assert address_target("2001:db8::1", 5002, "/x") == wanted


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example:80/",
        "http://a.example:8080/",
        "http://a.example:22/",
        "http://a.example:99999/",
        "http://a.example:x/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://user:password@a.example/",
        "http://@a.example/",
        "http:///x",
        "http://[::1/",
        "http://a b/",
        "http://a.example/a b",
        "http://a.example/\r\nHost: b",
        "http://bücher.example/",
        "http://a..example/",
        "http://*.example/",
        "http://a.example/" + "x" * 2000,
    ],
)
def test_where_a_fetch_may_not_go(url: str) -> None:
    """Other schemes, ports, addresses, user names, nonsense."""
    with pytest.raises(Refused) as refusal:
        target(url, PORTS)
    assert refusal.value.reason is Reason.NOT_PERMITTED
    assert len(refusal.value.detail) < 300


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/other", "http://a.example:5002/other"),
        ("other", "http://a.example:5002/.well-known/acme-challenge/other"),
        ("//b.example/x", "http://b.example/x"),
        ("https://b.example", "https://b.example/"),
        ("?q", "http://a.example:5002/.well-known/acme-challenge/x?q"),
    ],
)
def test_a_redirect_is_followed_from_where_we_are(location: str, url: str) -> None:
    """Relative and absolute locations."""
    assert redirected(HERE, location, PORTS).url == url


@pytest.mark.parametrize(
    "location", ["http://[x", "//127.0.0.1/", "http://b.example:1/", "javascript:alert(1)", "\x00", "/\t"]
)
def test_a_redirect_that_is_not_followed(location: str) -> None:
    """Judged like a first address."""
    with pytest.raises(Refused) as refusal:
        redirected(HERE, location, PORTS)
    assert refusal.value.reason is Reason.NOT_PERMITTED


@given(st.text(max_size=200))
def test_no_location_breaks_it(location: str) -> None:
    """Any text is a target within the limits, or refused."""
    try:
        found = redirected(HERE, location, PORTS)
    except Refused:
        return
    assert found.port in PORTS
    assert target(found.url, PORTS) == found
