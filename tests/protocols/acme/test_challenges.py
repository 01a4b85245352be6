"""What challenges ask for and how answers are judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.names import NameType
from emca_daemon.protocols.acme.challenges import (
    FetchFailure,
    HttpAnswer,
    TxtAnswer,
    dns_record_value,
    judge_dns01,
    judge_http01,
    key_authorization,
    offered,
)

EXPECTED = key_authorization("token", "thumbprint")


def test_what_is_offered() -> None:
    """A wildcard only dns-01 (RFC 8555 7.1.3); nothing that is not enabled; always in the same order."""
    assert offered(("dns-01", "http-01"), NameType.DNS, wildcard=False) == ("http-01", "dns-01")
    assert offered(("dns-01", "http-01"), NameType.DNS, wildcard=True) == ("dns-01",)
    assert offered(("http-01",), NameType.DNS, wildcard=True) == ()
    assert offered(("http-01", "new-01"), NameType.DNS, wildcard=False) == ("http-01",)
    new = ("dns-persist-01", "dns-account-01", "dns-01")
    assert offered(new, NameType.DNS, wildcard=True) == ("dns-01", "dns-account-01", "dns-persist-01")
    every = ("tls-alpn-01", "dns-01", "http-01")
    assert offered(every, NameType.DNS, wildcard=False) == ("http-01", "dns-01", "tls-alpn-01")
    assert offered(every, NameType.IP, wildcard=False) == ("http-01", "tls-alpn-01")


def test_the_txt_value_of_rfc_8555() -> None:
    """Section 8.4: base64url of SHA-256."""
    authorization = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
    assert len(dns_record_value(authorization)) == 43
    assert dns_record_value("a") == "ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs"


@given(st.text("\r\n\t ", max_size=5))
def test_trailing_white_space_is_ignored(space: str) -> None:
    """RFC 8555 8.3: servers and editors add it."""
    answer = HttpAnswer(200, (EXPECTED + space).encode(), "http://a/", "192.0.2.1")
    assert judge_http01(EXPECTED, answer) is None


@pytest.mark.parametrize(
    ("status", "body"), [(404, EXPECTED.encode()), (200, b""), (200, b" " + EXPECTED.encode()), (200, b"\xff<html>")]
)
def test_other_answers_are_unauthorized(status: int, body: bytes) -> None:
    """Another status or another text; the detail shows where and what."""
    problem = judge_http01(EXPECTED, HttpAnswer(status, body, "http://a/", "192.0.2.1"))
    assert problem is not None
    assert (problem.type, problem.status) == ("unauthorized", 403)
    assert "http://a/ at 192.0.2.1" in problem.detail


@given(st.binary(max_size=100))
def test_any_body_is_judged(body: bytes) -> None:
    """Whatever was fetched."""
    problem = judge_http01(EXPECTED, HttpAnswer(200, body, "u", "a"))
    assert problem is None or problem.text()


def test_one_of_several_records_is_enough() -> None:
    """RFC 8555 8.4: others may be for other orders."""
    right = dns_record_value(EXPECTED).encode()
    assert judge_dns01(EXPECTED, TxtAnswer((b"other", right))) is None


@pytest.mark.parametrize("records", [(), (b"wrong",), (EXPECTED.encode(),), (b"a", b"\xff")])
def test_no_right_record_is_unauthorized(records: tuple[bytes, ...]) -> None:
    """None at all, or only others."""
    problem = judge_dns01(EXPECTED, TxtAnswer(records), "_acme-challenge.a")
    assert problem is not None
    assert (problem.type, problem.status) == ("unauthorized", 403)
    assert "_acme-challenge.a" in problem.detail


@pytest.mark.parametrize(
    ("kind", "problem_type"),
    [("dns", "dns"), ("connection", "connection"), ("tls", "tls"), ("refused-address", "rejectedIdentifier")],
)
def test_failures_have_their_types(kind: str, problem_type: str) -> None:
    """RFC 8555 6.7."""
    failure = FetchFailure(kind, "why")
    for problem in (judge_http01(EXPECTED, failure), judge_dns01(EXPECTED, failure)):
        assert problem is not None
        assert (problem.type, problem.status, problem.detail) == (problem_type, 400, "why")
