"""The last line before a client: a bug in a responder becomes an answer, and is whole in the log."""

from structlog.typing import FilteringBoundLogger

from emca_daemon.listeners.wire import text
from emca_daemon.logs import REQUEST_ID
from emca_daemon.protocols.http import Limiting, Request, Responder, Response, Toiling


class Guard:
    """Asks responders and turns what they should not have raised into answers: a bug ends here, whole in the log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        """`log` gets the tracebacks."""
        self._log = log

    def respond(self, responder: Responder, request: Request) -> Response:
        """Its answer; for a bug its own "internal error", and 500 if it cannot even say that."""
        token = REQUEST_ID.set(request.id)
        try:
            return responder.respond(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        finally:
            REQUEST_ID.reset(token)
        try:
            return responder.failed(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return text(500, f"internal error {request.id}")

    def waits(self, responder: Responder, request: Request) -> bool:
        """Whether it waits; True where it cannot tell."""
        try:
            return responder.waits(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return True

    def toils(self, responder: Toiling, request: Request) -> bool:
        """Whether it is long at work; True where it cannot tell."""
        try:
            return responder.toils(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return True

    def too_large(self, responder: Limiting, request: Request) -> Response:
        """Its 413; a plain one where it cannot say so."""
        try:
            return responder.too_large(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return text(413)

    def busy(self, responder: Responder, request: Request) -> Response:
        """Its "try again later"; a plain 503 where it cannot say so."""
        try:
            return responder.busy(request)
        except Exception as error:  # noqa: BLE001
            self._bug(request, error)
        return Response(503, b"", (("retry-after", "5"),))

    def _bug(self, request: Request, error: Exception) -> None:
        """Write down the bug with its traceback."""
        self._log.error("bug", request_id=request.id, method=request.method, path=request.path, exc_info=error)
