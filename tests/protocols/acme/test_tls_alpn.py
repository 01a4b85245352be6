"""Judging tls-alpn-01."""

import pytest

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.challenges import FetchFailure
from emca_daemon.protocols.acme.tls_alpn import PROTOCOL, TlsAnswer, judge_tls_alpn01, server_name
from tests.support.tls_alpn import shown

KEY = "token.thumbprint"
NAME = AlternativeName(NameType.DNS, "a.example")
ADDRESS = AlternativeName(NameType.IP, "2001:db8::1")


def answer(certificate: bytes, protocol: bytes = PROTOCOL) -> TlsAnswer:
    """A handshake that showed it."""
    return TlsAnswer(protocol, certificate, "192.0.2.1")


@pytest.mark.parametrize(
    ("identifier", "names"),
    [(NAME, ("a.example",)), (NAME, ("A.Example",)), (ADDRESS, ("ip:2001:db8::1",))],
)
def test_the_right_certificate_proves_it(identifier: AlternativeName, names: tuple[str, ...]) -> None:
    """One name, the digest in a critical extension (RFC 8737 3, RFC 8738 6)."""
    assert judge_tls_alpn01(KEY, identifier, answer(shown(KEY, *names)[0])) is None


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        (shown("other", "a.example")[0], "another key authorization"),
        (shown(KEY, "a.example", value=b"\x04\x00")[0], "another key authorization"),
        (shown(KEY, "a.example", critical=False)[0], "not critical"),
        (shown(KEY, "a.example", identifier=False)[0], "without"),
        (shown(KEY)[0], "without"),
        (shown(KEY, "b.example")[0], "this one name"),
        (shown(KEY, "a.example", "b.example")[0], "this one name"),
        (shown(KEY, "ip:192.0.2.1")[0], "this one name"),
        (b"no certificate", "cannot be read"),
        (shown(KEY, "a.example")[0].replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06", 1), "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_other_certificates_are_unauthorized(certificate: bytes, why: str) -> None:
    """And it is told why."""
    problem = judge_tls_alpn01(KEY, NAME, answer(certificate))
    assert problem is not None
    assert (problem.type, problem.status, why in problem.detail) == ("unauthorized", 403, True)


def test_another_protocol_or_none_is_unauthorized() -> None:
    """Whatever the certificate."""
    for protocol in (b"", b"h2"):
        problem = judge_tls_alpn01(KEY, NAME, answer(shown(KEY, "a.example")[0], protocol))
        assert problem is not None
        assert "acme-tls/1" in problem.detail


def test_an_address_does_not_prove_another() -> None:
    """Nor a name that looks like it."""
    for name in ("ip:2001:db8::2", "a.example"):
        assert judge_tls_alpn01(KEY, ADDRESS, answer(shown(KEY, name)[0])) is not None


def test_failures_keep_their_kind() -> None:
    """Of fetching."""
    problem = judge_tls_alpn01(KEY, NAME, FetchFailure("tls", "x"))
    assert problem is not None
    assert problem.type == "tls"


def test_the_name_that_is_asked_for() -> None:
    """Addresses by their reverse names (RFC 8738 6)."""
    assert server_name(NAME) == "a.example"
    assert server_name(AlternativeName(NameType.IP, "192.0.2.1")) == "1.2.0.192.in-addr.arpa"
    assert server_name(ADDRESS).endswith(".8.b.d.0.1.0.0.2.ip6.arpa")
