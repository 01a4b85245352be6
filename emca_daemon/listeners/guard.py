"""The last line before a client: a bug in a responder becomes an answer, and is whole in the log."""

from collections.abc import Callable
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from emca_daemon.listeners.wire import text
from emca_daemon.logs import REQUEST_ID
from emca_daemon.protocols.http import Limiting, Request, Responder, Response, Toiling

Answer = TypeVar("Answer")


class Guard:
    """Asks responders and turns what they should not have raised into answers: a bug ends here, whole in the log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        """`log` gets the tracebacks."""
        self._log = log

    def respond(self, responder: Responder, request: Request) -> Response:
        """Its answer; for a bug its own "internal error", and 500 if it cannot even say that."""
        token = REQUEST_ID.set(request.id)
        try:
            answer: Response | None = self._ask(request, lambda: responder.respond(request), None)
        finally:
            REQUEST_ID.reset(token)
        if answer is not None:
            return answer
        return self._ask(request, lambda: responder.failed(request), text(500, f"internal error {request.id}"))

    def waits(self, responder: Responder, request: Request) -> bool:
        """Whether it waits; True where it cannot tell."""
        return self._ask(request, lambda: responder.waits(request), True)

    def toils(self, responder: Toiling, request: Request) -> bool:
        """Whether it is long at work; True where it cannot tell."""
        return self._ask(request, lambda: responder.toils(request), True)

    def too_large(self, responder: Limiting, request: Request) -> Response:
        """Its 413; a plain one where it cannot say so."""
        return self._ask(request, lambda: responder.too_large(request), text(413))

    def busy(self, responder: Responder, request: Request) -> Response:
        """Its "try again later"; a plain 503 where it cannot say so."""
        return self._ask(request, lambda: responder.busy(request), Response(503, b"", (("retry-after", "5"),)))

    def _ask(self, request: Request, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        """What the responder says; what to say otherwise, once the bug is written down with its traceback."""
        try:
            return question()
        except Exception as error:  # noqa: BLE001
            self._log.error("bug", request_id=request.id, method=request.method, path=request.path, exc_info=error)
        return otherwise
