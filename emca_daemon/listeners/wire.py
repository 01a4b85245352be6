"""HTTP/1.1 as bytes: request targets, and the head of a response."""

import re
from email.utils import format_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Response

BODILESS: Final = frozenset({204, 304})
"""Statuses whose response never has content (RFC 9110 section 6.4.1)."""

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

SERVER: Final = b"emca-daemon"

_TARGET = re.compile(
    rb"(?:https?://[^/?#]*)?(/[^?#\x00-\x20\x7f-\xff]*|\*)(?:\?([^#\x00-\x20\x7f-\xff]*))?", re.IGNORECASE
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


def split_target(target: bytes) -> tuple[str, str]:
    """Path and query of a request target in origin, absolute or asterisk form (RFC 9112 section 3.2), still encoded.

    Raises Refused(MALFORMED) for anything else.
    """
    match = _TARGET.fullmatch(target)
    if match is None:
        raise Refused(Reason.MALFORMED, "the request target is not a path")
    query = match[2]
    return match[1].decode("ascii"), "" if query is None else query.decode("ascii")


def text(status: int, words: str = "") -> Response:
    """A short answer in plain text, for what happens before a protocol is found or when none can answer."""
    body = words or HTTPStatus(status).phrase
    return Response(status, f"{body}\n".encode(), (("content-type", "text/plain; charset=utf-8"),))


class Heads:
    """Writes the heads of responses; the date is formatted once a second."""

    def __init__(self, clock: Clock) -> None:
        """`clock` gives the Date header."""
        self._clock = clock
        self._second = -1
        self._fixed = b""

    def write(self, response: Response, *, close: bool, keep_alive: bool = False) -> bytes:
        """Status line and header fields with Content-Length, Date, Server and, where asked, Connection.

        Raises ValueError for header fields that may not be sent.
        """
        status = response.status
        parts = [_status_line(status)]
        parts.extend([_field(name, value) for name, value in response.headers])
        if status not in BODILESS:
            parts.append(b"Content-Length: %d\r\n" % len(response.body))
        if close:
            parts.append(b"Connection: close\r\n")
        elif keep_alive:
            parts.append(b"Connection: keep-alive\r\n")
        parts.append(self._date_and_server())
        return b"".join(parts)

    def _date_and_server(self) -> bytes:
        """What every head ends with."""
        now = self._clock()
        if now.second != self._second or not self._fixed:
            self._second = now.second
            date = format_datetime(now, usegmt=True).encode()
            self._fixed = b"Date: %b\r\nServer: %b\r\n\r\n" % (date, SERVER)
        return self._fixed


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    """The first line of a response."""
    return b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())


@lru_cache(maxsize=256)
def _field(name: str, value: str) -> bytes:
    """One header field; raises ValueError where name or value could end the field early."""
    if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
        raise ValueError(f"header field {name!r} cannot be sent")
    return f"{name}: {value}\r\n".encode("latin-1")
