"""Users as values."""

from dataclasses import replace
from datetime import timedelta

from tests.contracts.credentials_contract import ALICE
from tests.support.records import NOW


def test_a_lock_ends() -> None:
    """At its time; secrets are not in the text of a user."""
    locked = replace(ALICE, locked_until=NOW)
    assert locked.locked(NOW - timedelta(microseconds=1))
    assert not locked.locked(NOW)
    assert not ALICE.locked(NOW)
    assert ALICE.password not in repr(ALICE)
    assert ALICE.ha1_sha256 not in repr(ALICE)
