"""Tests of emca_daemon.protocols.scep.asked_records."""

from datetime import UTC, datetime

from emca_daemon.protocols.scep.asked_records import Asked, Notice


def test_requests_are_not_shown() -> None:
    """They hold the challenge."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for record in (Asked("t", "site", b"1", now, now, b"secret"), Notice("site", "t", b"1", b"secret")):
        assert "secret" not in repr(record)
