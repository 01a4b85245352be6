"""Replies."""

from emca_daemon.protocols.acme.replies import JSON, Reply


def test_a_reply_is_json_and_wakes_nobody() -> None:
    """Unless it says so."""
    reply = Reply(document={})
    assert (reply.status, reply.content_type, reply.wake, dict(reply.headers)) == (200, JSON, "", {})
