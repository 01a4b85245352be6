"""What becomes of bugs in responders."""

from emca_daemon.listeners.guard import Guard
from emca_daemon.protocols.http import Peer, Request, Response
from tests.listeners.stage import Stage

REQUEST = Request("GET", "/", "", (), b"", Peer("192.0.2.7"), "id-1")


class Broken:
    """A responder in which nothing works."""

    max_body = 0

    def respond(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError

    def waits(self, request: Request) -> bool:
        """Raises."""
        raise ZeroDivisionError

    def failed(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError

    def busy(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError

    def toils(self, request: Request) -> bool:
        """Raises."""
        raise ZeroDivisionError

    def too_large(self, request: Request) -> Response:
        """Raises."""
        raise ZeroDivisionError


def test_even_a_responder_in_which_nothing_works_is_answered_for() -> None:
    """A plain 500 with the request id, a plain 503 and 413, and the pool as the safe place to run."""
    stage = Stage()
    guard = Guard(stage.log)
    assert guard.respond(Broken(), REQUEST) == Response(
        500, b"internal error id-1\n", (("content-type", "text/plain; charset=utf-8"),)
    )
    assert guard.waits(Broken(), REQUEST) is True
    assert guard.toils(Broken(), REQUEST) is True
    assert (guard.busy(Broken(), REQUEST).status, guard.too_large(Broken(), REQUEST).status) == (503, 413)
    assert stage.log_output.getvalue().count("ZeroDivisionError") >= 6
