"""Tests of emca_daemon.protocols.scep.challenge_records."""

from dataclasses import replace
from datetime import UTC, datetime

from emca_daemon.protocols.scep.challenge_records import Challenge, Device, digest_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CHALLENGE = Challenge("1", "site", digest_of(b"secret"), "operator", "alice", NOW, NOW)


def test_a_secret_is_known_by_its_hash() -> None:
    """Which is nowhere to be seen."""
    assert CHALLENGE.is_secret(b"secret")
    assert not CHALLENGE.is_secret(b"Secret")
    assert str(digest_of(b"secret")) not in repr(CHALLENGE)


def test_a_challenge_is_used_up_by_its_uses() -> None:
    """As many as it has."""
    assert not replace(CHALLENGE, most_uses=2, uses=1).used_up
    assert replace(CHALLENGE, most_uses=2, uses=2).used_up


def test_a_device_is_named_by_all_three() -> None:
    """Two manufacturers may use one serial number."""
    assert Device("d", "site", "ACME", "Printer", "SN-1", "alice", NOW).identity == "ACME/Printer/SN-1"
