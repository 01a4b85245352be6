"""A perspective over HTTPS: looks for a primary that TLS has authenticated, and reports what it sees."""

from collections.abc import Callable

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.perspective_messages import (
    MAX_QUESTION,
    PATH,
    Question,
    Seen,
    read_question,
    write_seen,
)
from emca_daemon.protocols.http import Request, Response

_JSON = ("content-type", "application/json")
_TEXT = ("content-type", "text/plain; charset=utf-8")


class PerspectiveResponder:
    """Answers questions, one request each; waits for the network meanwhile."""

    max_body = MAX_QUESTION

    def __init__(self, look: Callable[[Question], Seen]) -> None:
        """`look` waits for what it shows, and may raise Refused."""
        self._look = look

    def respond(self, request: Request) -> Response:
        """200 with what was seen; 403 without a client certificate, 400 for what is no question."""
        if request.peer.certificate is None:
            return _text(403, "a client certificate is needed")
        if request.path != PATH:
            return _text(404, "not found")
        if request.method != "POST":
            return Response(405, b"", (("allow", "POST"),))
        try:
            return Response(200, write_seen(self._look(read_question(request.body))), (_JSON,))
        except Refused as refused:
            return _text(400, refused.detail)

    def waits(self, request: Request) -> bool:  # noqa: ARG002 - every question is answered by looking
        """Always."""
        return True

    def failed(self, request: Request) -> Response:
        """Something went wrong; the log knows more."""
        return _text(500, f"internal error {request.id}")

    def busy(self, request: Request) -> Response:  # noqa: ARG002
        """Too many look-ups are under way."""
        return Response(503, b"busy\n", (_TEXT, ("retry-after", "1")))


def _text(status: int, line: str) -> Response:
    return Response(status, f"{line}\n".encode(), (_TEXT,))
