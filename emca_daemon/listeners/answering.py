"""From a request to its response: the responder is found, run where it should run, logged and counted."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

from structlog.typing import FilteringBoundLogger

from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.wire import text
from emca_daemon.protocols.http import Limiting, Request, Responder, Response, Toiling
from emca_daemon.protocols.routing import Routes
from emca_daemon.randomness import RandomBytes

Done = Callable[[Response], None]

Observe = Callable[[str, str, int, float], None]
"""Counts one request: listener, protocol, status, seconds."""

Seconds = Callable[[], float]
"""A clock that only runs forwards, in seconds."""


class Guarding(Protocol):
    """Asks a responder so that no bug of it gets out (`listeners.guard.Guard`)."""

    def respond(self, responder: Responder, request: Request) -> Response:
        """Its answer, or its "internal error"."""

    def waits(self, responder: Responder, request: Request) -> bool:
        """Whether it waits; True when it does not know."""

    def toils(self, responder: Toiling, request: Request) -> bool:
        """Whether much computing is to be done; True when it does not know."""

    def too_large(self, responder: Limiting, request: Request) -> Response:
        """Its 413."""

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
        elif self._is_for_a_thread(request, responder):
            guard = around.guard
            accepted = around.execution.submit(
                lambda: guard.respond(responder, request),
                lambda response: self._finish(request, responder, response, started, done),
            )
            if not accepted:
                self._finish(request, responder, guard.busy(responder, request), started, done)
        else:
            self._finish(request, responder, around.guard.respond(responder, request), started, done)

    def refused(self, status: int, address: str, too_large: Request | None, done: Done) -> None:
        """Note a request that was refused before it could be read, and hand what to say to `done`, now or later.

        `too_large` is the head of a request with too large a body, which its protocol may refuse in its own words.
        """
        around = self._around
        named = {} if too_large is None else {"request_id": too_large.id}
        around.log.info("request refused", listener=self._listener, status=status, peer=address, **named)
        around.observe(self._listener, "none", status, 0.0)
        responder: object = None if too_large is None else self._routes.find(too_large.path)
        if too_large is not None and isinstance(responder, Limiting):
            self._refuse_in_its_words(responder, too_large, done)
        else:
            done(text(status))

    def _refuse_in_its_words(self, responder: Limiting, request: Request, done: Done) -> None:
        """The words may have to be written down, too, for which one waits where it is done for everything else."""
        execution, guard = self._around.execution, self._around.guard
        if not execution.pooled:
            done(guard.too_large(responder, request))
        elif not execution.submit(lambda: guard.too_large(responder, request), done):
            done(text(413))

    def _is_for_a_thread(self, request: Request, responder: Responder) -> bool:
        """Whether it waits where that is done on threads, or is long at work where there are threads."""
        execution, guard = self._around.execution, self._around.guard
        if execution.pooled and guard.waits(responder, request):
            return True
        return execution.threaded and _may_toil(type(responder)) and guard.toils(cast("Toiling", responder), request)

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


@cache
def _may_toil(kind: type[Responder]) -> bool:
    """Asked once of each type, for the question takes 7 µs, a third of a short answer."""
    return issubclass(kind, Toiling)
