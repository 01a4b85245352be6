"""Judging CAA."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.caa import Asking, CaaRecord, judge_caa, read_record

ACCOUNT = "https://ca.test/acme/account/1"


def record(tag: str, value: str, *, critical: bool = False) -> bytes:
    """The data of a record."""
    return bytes([0x80 if critical else 0, len(tag)]) + tag.encode() + value.encode()


def asking(*, wildcard: bool = False, method: str = "http-01") -> Asking:
    """We, as ca.test."""
    return Asking(("ca.test", "other.test"), ACCOUNT, method, wildcard)


@pytest.mark.parametrize(
    "records",
    [
        (),
        (record("issue", "ca.test"),),
        (record("ISSUE", " CA.Test "),),
        (record("issue", "nobody.test"), record("issue", "ca.test")),
        (record("issue", "ca.test;"),),
        (record("issue", f"ca.test; accounturi={ACCOUNT}"),),
        (record("issue", "ca.test; validationmethods=dns-01,http-01"),),
        (record("issue", f"ca.test ;validationmethods=http-01 ; accounturi={ACCOUNT}"),),
        (record("issue", "ca.test; policy=ev"),),
        (record("iodef", "mailto:a@b.test"),),
        (record("issuewild", ";"),),
        (record("unknown", "x"),),
        (record("iodef", "mailto:a@b.test", critical=True), record("issue", "ca.test", critical=True)),
    ],
)
def test_records_that_let_us_issue(records: tuple[bytes, ...]) -> None:
    """Ours among them, or none that is about us."""
    assert judge_caa("a.test", records, asking()) is None


@pytest.mark.parametrize(
    "records",
    [
        (record("issue", ";"),),
        (record("issue", ""),),
        (record("issue", "nobody.test"),),
        (record("issue", "sub.ca.test"),),
        (record("issue", "ca.test ca.test"),),
        (record("issue", "%%%%%"),),
        (record("issue", "ca.test; accounturi=https://ca.test/acme/account/2"),),
        (record("issue", f"ca.test; accounturi={ACCOUNT}; accounturi={ACCOUNT}"),),
        (record("issue", "ca.test; validationmethods=dns-01"),),
        (record("issue", "ca.test; validationmethods="),),
        (record("issue", "ca.test; nonsense"),),
        (record("issue", "ca.test; a=b;"),),
        (record("issue", "ca.test; a=\x7f"),),
        (record("issue", "ca.test"), record("unknown", "x", critical=True)),
        (record("issue", "ca.test"), b"\x00"),
        (record("issue", "ca.test"), b"\x00\x09issue"),
        (record("issue", "ca.test"), b"\x00\x01\xff"),
    ],
)
def test_records_that_do_not(records: tuple[bytes, ...]) -> None:
    """Others', malformed ones, critical ones that nobody knows: 403 caa."""
    problem = judge_caa("a.test", records, asking())
    assert problem is not None
    assert (problem.type, problem.status) == ("caa", 403)


def test_wildcards_have_records_of_their_own() -> None:
    """`issuewild` where there is any, else `issue` (RFC 8659 4.3)."""
    both = (record("issue", "ca.test"), record("issuewild", "nobody.test"))
    assert judge_caa("a.test", both, asking()) is None
    assert judge_caa("a.test", both, asking(wildcard=True)) is not None
    assert judge_caa("a.test", both[:1], asking(wildcard=True)) is None
    turned = (record("issue", "nobody.test"), record("issuewild", "ca.test"))
    assert judge_caa("a.test", turned, asking(wildcard=True)) is None
    assert judge_caa("a.test", turned, asking()) is not None


def test_mailboxes_have_records_of_their_own() -> None:
    """`issuemail` alone counts for them (RFC 9495), and not for hosts."""
    mail = Asking(("ca.test",), ACCOUNT, "email-reply-00", wildcard=False, mail=True)
    assert judge_caa("a.test", (record("issue", "nobody.test"),), mail) is None
    assert judge_caa("a.test", (record("issuemail", "ca.test"),), mail) is None
    assert judge_caa("a.test", (record("issuemail", "nobody.test"),), mail) is not None
    assert judge_caa("a.test", (record("issuemail", "nobody.test"),), asking()) is None


def test_a_record_is_read() -> None:
    """Flags, tag, value."""
    assert read_record(record("Issue", "x", critical=True)) == CaaRecord(True, "issue", "x")


@given(st.binary(max_size=60))
def test_any_data_is_judged(data: bytes) -> None:
    """And nothing but our own name lets us issue where somebody says `issue`."""
    judge_caa("a.test", (data,), asking())
    if not data.startswith(b"ca.test") and not data.strip(b" \t").lower().startswith((b"ca.test", b"other.test")):
        assert judge_caa("a.test", (b"\x00\x05issue" + data,), asking()) is not None
