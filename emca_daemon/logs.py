"""Structured logs: one event a line on standard error, without secrets, with the request it belongs to.

Twisted's log and the standard library's run into the same stream.
"""

import json
import logging
import re
import sys
import warnings
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Final, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger
from twisted.logger import ILogObserver, LogEvent, LogLevel, LogPublisher, formatEvent

from emca_daemon.clock import Clock
from emca_daemon.settings.model import LogSettings

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request that is being answered on this thread; every event logged meanwhile carries it."""

HIDDEN: Final = "(hidden)"

SECRET_WORDS: Final = frozenset(
    ("secret", "secrets", "password", "passwd", "pin", "passphrase", "hmac", "token", "cookie", "authorization")
)
"""A field whose name has one of these words is never written."""

DEEPEST: Final = 5

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_USER_INFORMATION = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_TWISTED_LEVELS: Final = {
    LogLevel.debug: "debug",
    LogLevel.info: "debug",
    LogLevel.warn: "warning",
    LogLevel.error: "error",
    LogLevel.critical: "error",
}
"""What Twisted tells as information (factories starting, timeouts) is detail to us."""


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether a field of that name may hold a secret: `keyPin`, `pkcs11_pin` and `PIN` may, `mapping` may not."""
    return any(word.lower() in SECRET_WORDS for word in _WORDS.findall(name))


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the values of secret fields, nested ones too, and passwords inside URLs."""
    return {str(name): HIDDEN if is_secret(str(name)) else _without_secrets(value, 0) for name, value in event.items()}


def _without_secrets(value: object, depth: int) -> object:
    """The same for a value; what is nested too deeply is left out."""
    if isinstance(value, str):
        return _USER_INFORMATION.sub(rf"\1:{HIDDEN}@", value) if "@" in value else value
    if isinstance(value, int | float | None):
        return value
    if depth >= DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {
            str(name): HIDDEN if is_secret(str(name)) else _without_secrets(inner, depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(inner, depth + 1) for inner in value]
    return value


def add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The request being answered, if the event does not name one itself."""
    if (current := REQUEST_ID.get()) and "request_id" not in event:
        event["request_id"] = current
    return event


class Timestamp:
    """Adds the time, in UTC to the millisecond."""

    def __init__(self, clock: Clock) -> None:
        """From that clock."""
        self._clock = clock

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Stamp one event."""
        event["timestamp"] = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return event


class JsonLines:
    """One event as one line of JSON, in the order of importance; bytes are written in hexadecimal."""

    def __init__(self) -> None:
        """One encoder for all events: making one costs as much as using it."""
        self._encode = json.JSONEncoder(default=_as_json, ensure_ascii=False, separators=(",", ":")).encode

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> str:
        """Write one event."""
        first = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event}
        return self._encode({**first, **event})


def _as_json(value: object) -> str:
    """What JSON has no form for."""
    return value.hex() if isinstance(value, bytes) else str(value)


def make_log(settings: LogSettings, clock: Clock, stream: TextIO | None = None) -> FilteringBoundLogger:
    """The log of this process, on standard error unless another stream is given."""
    render: Callable[[WrappedLogger, str, EventDict], str]
    if settings.format == "json":
        render = JsonLines()
    else:
        # The default would print the local variables of every frame, keys and passwords among them.
        render = cast(
            "Callable[[WrappedLogger, str, EventDict], str]",
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        )
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr if stream is None else stream),
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        processors=[
            Timestamp(clock),
            structlog.processors.add_log_level,
            add_request_id,
            structlog.processors.format_exc_info,
            hide_secrets,
            render,
        ],
        cache_logger_on_first_use=True,
    )
    return log.bind()


def bridge_twisted(log: FilteringBoundLogger, publisher: LogPublisher) -> ILogObserver:
    """Write what Twisted logs; returns the observer, to be removed again by tests."""

    def observe(event: LogEvent) -> None:
        """One event of Twisted's."""
        method = _TWISTED_LEVELS.get(event.get("log_level", LogLevel.info), "warning")
        failure = event.get("log_failure")
        fields: MutableMapping[str, object] = {"source": event.get("log_namespace", "twisted")}
        if failure is not None:
            fields["exception"] = failure.getTraceback()
        getattr(log, method)(formatEvent(event) or "failure", **fields)

    observer = cast("ILogObserver", observe)
    publisher.addObserver(observer)
    return observer


def hush_libraries() -> None:
    """What a library finds odd in bytes that somebody sent is no news: policy judges them, and says why.

    Whoever asks Python for warnings (`-W`, PYTHONWARNINGS) gets them all the same.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore", UserWarning)


class StandardLogs(logging.Handler):
    """Writes what libraries log through the standard library."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        """`log` gets everything from warnings up."""
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        method = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        method(record.getMessage(), source=record.name, exc_info=record.exc_info)
