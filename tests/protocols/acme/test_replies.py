"""Replies."""

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.replies import JSON, Reply, refusal


def test_a_reply_is_json_and_wakes_nobody() -> None:
    """Unless it says so."""
    reply = Reply(document={})
    assert (reply.status, reply.content_type, reply.due, dict(reply.headers)) == (200, JSON, None, {})


def test_refusals_are_in_english_and_say_so() -> None:
    """Whatever the client's Accept-Language (RFC 8555 6.1, 6.7)."""
    assert refusal(Refused(Reason.MALFORMED, "no")).headers["Content-Language"] == "en"


def test_a_refusal_says_when_to_come_back() -> None:
    """In seconds: what the refusal says, else five where something is down."""
    told = refusal(Refused(Reason.RATE_LIMITED, "slowly", retry_after=7))
    assert (told.status, told.content_type, told.headers["Retry-After"]) == (429, "application/problem+json", "7")
    assert refusal(Refused(Reason.UNAVAILABLE, "down")).headers["Retry-After"] == "5"
    assert "Retry-After" not in refusal(Refused(Reason.MALFORMED, "no")).headers
