"""Judging dns-persist-01."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.dns_persist import Wanted, judge_dns_persist01, record_name

ACCOUNT = "https://ca.test/acme/account/1"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER, EARLIER = int(NOW.timestamp()) + 60, int(NOW.timestamp())
RIGHT = f"ca.test; accounturi={ACCOUNT}"


def kind_of(*records: str, more: bool = False) -> str:
    """The type of the problem, empty if there is none."""
    wanted = Wanted(("ca.test", "other.test"), ACCOUNT, more, NOW)
    problem = judge_dns_persist01(record_name("a.test"), tuple(one.encode() for one in records), wanted)
    return "" if problem is None else problem.type


@pytest.mark.parametrize(
    "records",
    [
        (RIGHT,),
        (f"CA.test;AccountURI={ACCOUNT}",),
        (f"other.test; accounturi={ACCOUNT}; unknown=1",),
        (f"{RIGHT}; persistUntil={LATER}",),
        (f"{RIGHT}; policy=nonsense",),
        ("nobody.test; accounturi=x", RIGHT),
        ("ca.test; accounturi=x", RIGHT),
        ("ca.test", RIGHT),
        ("", "\xff", RIGHT),
    ],
)
def test_a_record_for_us_and_the_account(records: tuple[str, ...]) -> None:
    """Tags in any case, unknown ones overlooked, records for others too."""
    assert kind_of(*records) == ""


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ("ca.test", "malformed"),
        (f"{RIGHT}; accounturi={ACCOUNT}", "malformed"),
        (f"{RIGHT}; nonsense", "malformed"),
        (f"{RIGHT}; persistUntil=soon", "malformed"),
        (f"{RIGHT}; persistUntil=-1", "malformed"),
        (f"{RIGHT}; persistUntil={'9' * 40}", "malformed"),
        (f"{RIGHT}; persistUntil={EARLIER}", "unauthorized"),
        ("ca.test; accounturi=https://ca.test/acme/account/2", "unauthorized"),
        ("nobody.test; accounturi=" + ACCOUNT, "unauthorized"),
        ("", "unauthorized"),
    ],
)
def test_other_records(record: str, kind: str) -> None:
    """Malformed in form, unauthorized in content."""
    assert kind_of(record) == kind


def test_more_than_the_name_needs_a_policy() -> None:
    """Wildcards and names beneath."""
    assert kind_of(RIGHT, more=True) == "unauthorized"
    assert kind_of(f"{RIGHT}; policy=WildCard", more=True) == ""
    assert kind_of() == "unauthorized"


@given(st.binary(max_size=80))
def test_any_record_is_judged(data: bytes) -> None:
    """And none that lacks the account's address proves anything."""
    wanted = Wanted(("ca.test",), ACCOUNT, False, NOW)
    assert judge_dns_persist01("x", (b"ca.test;" + data,), wanted) is not None or ACCOUNT.encode() in data
