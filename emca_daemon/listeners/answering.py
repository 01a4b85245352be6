"""From a request to its response: the responder is found, run where it should run, logged and counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.wire import text
from emca_daemon.protocols.http import Limiting, Request, Responder, Response
from emca_daemon.protocols.routing import Routes
from emca_daemon.randomness import RandomBytes

Done = Callable[[Response], None]

Observe = Callable[[str, str, int, float], None]
"""Counts one request: listener, protocol, status, seconds."""

Seconds = Callable[[], float]
"""A clock that only runs forwards, in seconds."""


class Guarding(Protocol):
    """Asks a responder so that no bug of it gets out (`listeners.web.Guard`)."""

    def respond(self, responder: Responder, request: Request) -> Response:
        """Its answer, or its "internal error"."""

    def waits(self, responder: Responder, request: Request) -> bool:
        """Whether it waits; True when it does not know."""

    def busy(self, responder: Responder, request: Request) -> Response:
        """Its "try again later"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every listener of a process shares."""

    execution: Execution
    guard: Guarding
    observe: Observe
    log: FilteringBoundLogger
    random: RandomBytes
    seconds: Seconds


class Answering:
    """Answers the requests of one listener.

    `quiet` listeners (tens of thousands of requests a second) log what succeeds as debug events only.
    """

    def __init__(self, listener: str, routes: Routes, max_body: int, around: Surroundings, *, quiet: bool) -> None:
        """`listener` names it in logs and metrics; `max_body` is in bytes and holds for every responder."""
        self._listener = listener
        self._routes = routes
        self._max_body = max_body
        self._around = around
        self._log_success = around.log.debug if quiet else around.log.info
        self._protocols: dict[type[Responder], str] = {}

    def find(self, path: str) -> tuple[Responder | None, int]:
        """The responder of a raw path and how many bytes of body it may be sent."""
        responder = self._routes.find(path)
        if responder is None:
            return None, self._max_body
        return responder, min(self._max_body, responder.max_body)

    def new_id(self) -> str:
        """A name for a request: 64 unpredictable bits."""
        return self._around.random(8).hex()

    def answer(self, request: Request, responder: Responder | None, done: Done) -> None:
        """Hand the response to `done`, now or later, on the reactor's thread."""
        around = self._around
        started = around.seconds()
        if responder is None:
            self._finish(request, responder, text(404), started, done)
        elif around.execution.pooled and around.guard.waits(responder, request):
            guard = around.guard
            accepted = around.execution.submit(
                lambda: guard.respond(responder, request),
                lambda response: self._finish(request, responder, response, started, done),
            )
            if not accepted:
                self._finish(request, responder, guard.busy(responder, request), started, done)
        else:
            self._finish(request, responder, around.guard.respond(responder, request), started, done)

    def refused(self, status: int, address: str, path: str) -> Response:
        """Note a request that was refused before it could be read, and say so.

        `path` is empty where it was not known yet; a body that is too large may be refused in the protocol's own words.
        """
        self._around.log.info("request refused", listener=self._listener, status=status, peer=address)
        self._around.observe(self._listener, "none", status, 0.0)
        responder = self._routes.find(path) if status == 413 else None
        return responder.too_large() if isinstance(responder, Limiting) else text(status)

    def unsendable(self, request_id: str, error: ValueError) -> None:
        """Note a response that cannot be sent as it is: a bug of its responder."""
        self._around.log.error(
            "response cannot be sent", listener=self._listener, request_id=request_id, error=str(error)
        )

    def _finish(
        self, request: Request, responder: Responder | None, response: Response, started: float, done: Done
    ) -> None:
        """Send, then log and count."""
        done(response)
        seconds = self._around.seconds() - started
        write = self._log_success if response.status < 400 else self._around.log.info
        write(
            "request",
            listener=self._listener,
            method=request.method,
            path=request.path,
            status=response.status,
            ms=round(seconds * 1000, 3),
            request_id=request.id,
            peer=request.peer.address,
        )
        self._around.observe(self._listener, self._protocol(responder), response.status, seconds)

    def _protocol(self, responder: Responder | None) -> str:
        """The name of a responder's protocol: that of its package or module below `protocols`."""
        if responder is None:
            return "none"
        kind = type(responder)
        name = self._protocols.get(kind)
        if name is None:
            parts = kind.__module__.split(".")
            name = parts[2] if parts[:2] == ["emca_daemon", "protocols"] and len(parts) > 2 else parts[-1]
            self._protocols[kind] = name
        return name
