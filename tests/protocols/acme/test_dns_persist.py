"""Judging dns-persist-01."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.dns_persist import (
    PersistentAccount,
    Standing,
    Wanted,
    hash_prefix,
    judge_dns_persist01,
)
from emca_daemon.protocols.acme.errors import Problem

ACCOUNT = "https://ca.test/acme/account/1"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER, EARLIER = int(NOW.timestamp()) + 60, int(NOW.timestamp())
RIGHT = f"ca.test; accounturi={ACCOUNT}"
OURS = PersistentAccount(hash_prefix("https://ca.test/acme"), ACCOUNT, ("n" * 43, "o" * 43))


def judged(*records: str, more: bool = False) -> Standing | Problem:
    """What the records of a.test prove."""
    wanted = Wanted(("ca.test", "other.test"), OURS, more, NOW)
    return judge_dns_persist01("a.test", tuple(one.encode() for one in records), wanted)


def kind_of(*records: str, more: bool = False) -> str:
    """The type of the problem, empty if there is none."""
    found = judged(*records, more=more)
    return found.type if isinstance(found, Problem) else ""


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


def test_accounts_are_hashed_as_the_draft_has_it() -> None:
    """The vectors of draft-ietf-acme-dns-persist-02 10.2."""
    prefix, key = "https://ca.example/account-hash/", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    account = PersistentAccount(prefix, "https://ca.example/acct/123", (key,))
    assert account.hashed("example.com", key) == prefix + "sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
    assert account.hashed("*", key) == prefix + "sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug"


@pytest.mark.parametrize("thumbprint", OURS.thumbprints)
@pytest.mark.parametrize("domain", ["a.test", "*"])
def test_a_hash_names_the_account(domain: str, thumbprint: str) -> None:
    """By its present key or a former one, for the domain or for any; as it is, letter by letter."""
    uri = OURS.hashed(domain, thumbprint)
    assert kind_of(f"ca.test; accounturi={uri}") == ""
    assert kind_of(f"ca.test; accounturi={uri.replace('https', 'HTTPS')}") == "unauthorized"


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (OURS.hashed("b.test", OURS.thumbprints[0]), "unauthorized"),
        (OURS.hashed("a.test", "x" * 43), "unauthorized"),
        (OURS.hash_prefix + "sha-256/short", "malformed"),
        (OURS.hash_prefix + "sha-1/" + "a" * 43, "malformed"),
        (OURS.hash_prefix, "malformed"),
    ],
)
def test_other_hashes(uri: str, kind: str) -> None:
    """Of another domain or key; in another form."""
    assert kind_of(f"ca.test; accounturi={uri}") == kind


def test_how_long_records_stand() -> None:
    """Of several the longest counts; one that says nothing stands for ever."""
    until = [f"{RIGHT}; persistUntil={LATER + seconds}" for seconds in (0, 60)]
    assert judged(*until) == Standing(datetime.fromtimestamp(LATER + 60, UTC))
    assert judged(*until, RIGHT) == Standing()


@given(st.binary(max_size=80))
def test_any_record_is_judged(data: bytes) -> None:
    """And none that lacks the account's address proves anything."""
    found = judge_dns_persist01("x", (b"ca.test;" + data,), Wanted(("ca.test",), OURS, False, NOW))
    assert isinstance(found, Problem) or ACCOUNT.encode() in data
