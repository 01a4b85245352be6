"""Tests of emca_daemon.protocols.http_users."""

from emca_daemon.protocols.http_users import HttpUser


def test_users_are_in_no_group_unless_told() -> None:
    """Groups are what profiles and pages ask for."""
    assert HttpUser("alice", "password").groups == frozenset()
