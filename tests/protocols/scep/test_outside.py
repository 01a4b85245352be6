"""Tests of emca_daemon.protocols.scep.outside."""

from emca_daemon.protocols.scep.outside import Answer, Call


def test_calls_and_answers_do_not_show_their_secrets() -> None:
    """Where they go is shown, and what the status was."""
    shown = repr(Call("POST", "https://a.example/x", (("authorization", "secret"),), b"secret"))
    assert "https://a.example/x" in shown
    assert "secret" not in shown + repr(Answer(200, b"secret"))
