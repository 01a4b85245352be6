"""Calls to services that the settings name: blocking, for a worker thread, with one deadline for a conversation.

The deadline holds for connecting, TLS and every octet of the answer: each wait on the socket is given what is left of
it, so that a server which answers by drops gains nothing. Looking a name up is left to the system's resolver and its
own time limits. No proxy is used, no redirect followed.
"""

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.outside import Answer, Call

MAX_ANSWER: Final = 262_144
"""Octets of a body, beyond which an answer is none."""

AGENT: Final = "emca-daemon"
_RETRY_AFTER: Final = 5

Seconds = Callable[[], float]


class Calls:
    """The way out for one endpoint; fulfils `protocols.scep.outside.Outside`."""

    def __init__(
        self, *, timeout: timedelta, at_once: int, ca_file: Path | None = None, seconds: Seconds = time.monotonic
    ) -> None:
        """`ca_file` has the roots that are trusted in the place of the system's; raises OSError, ssl.SSLError."""
        self._timeout = timeout.total_seconds()
        self._places = threading.BoundedSemaphore(at_once)
        self._context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seconds = seconds

    @contextmanager
    def conversation(self) -> Iterator["Talking"]:
        """Begin to talk; raises Refused(UNAVAILABLE) where too many do already."""
        if not self._places.acquire(blocking=False):
            raise Refused(Reason.UNAVAILABLE, "too many requests are being asked about", retry_after=_RETRY_AFTER)
        try:
            yield Talking(self._context, self._seconds() + self._timeout, self._seconds)
        finally:
            self._places.release()


class Talking:
    """One conversation; fulfils `protocols.scep.outside.Conversation`."""

    def __init__(self, context: ssl.SSLContext, end: float, seconds: Seconds) -> None:
        self._context = context
        self._end = end
        self._seconds = seconds

    def exchange(self, call: Call) -> Answer:
        """One call over a connection of its own; raises Refused(UNAVAILABLE), which names the host alone."""
        parts = urlsplit(call.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            with self._connected(host, port, secure=parts.scheme == "https") as sock:
                return self._spoken(call, sock, host, port, secure=parts.scheme == "https")
        except ssl.SSLCertVerificationError as error:
            raise _unavailable(f"the certificate of {host} is not trusted: {error.verify_message}") from error
        except TimeoutError as error:
            raise _unavailable(f"{host} did not answer in time") from error
        except (OSError, HTTPException, ValueError) as error:
            raise _unavailable(f"{host} cannot be talked to ({type(error).__name__})") from error

    def left(self) -> float:
        """Seconds until the deadline; raises TimeoutError behind it."""
        left = self._end - self._seconds()
        if left <= 0:
            raise TimeoutError
        return left

    def _connected(self, host: str, port: int, *, secure: bool) -> socket.socket:
        sock = socket.create_connection((host, port), self.left())
        if not secure:
            return sock
        try:
            sock.settimeout(self.left())
            return self._context.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def _spoken(self, call: Call, sock: socket.socket, host: str, port: int, *, secure: bool) -> Answer:
        parts = urlsplit(call.url)
        connection = HTTPConnection(host, port)
        connection.sock = _Timed(sock, self.left)
        usual = port == (443 if secure else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        named = f"[{host}]" if ":" in host else host
        connection.putrequest(call.method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", named if usual else f"{named}:{port}")
        for name, value in (("user-agent", AGENT), ("connection", "close"), *call.headers):
            connection.putheader(name, value)
        if call.method != "GET":
            connection.putheader("content-length", str(len(call.body)))
        connection.endheaders(call.body or None)
        response = connection.getresponse()
        body = response.read(MAX_ANSWER + 1)
        if len(body) > MAX_ANSWER or (response.length or 0) > 0:
            raise HTTPException("an answer that is too long, or cut off")
        return Answer(response.status, body)


class _Timed:
    """A socket for http.client whose every wait ends at the deadline."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self._sock.settimeout(self._left())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What is read from."""
        return io.BufferedReader(_Incoming(self._sock, self._left))

    def close(self) -> None:
        """Whoever opened the socket closes it."""


class _Incoming(io.RawIOBase):
    """What comes in, as long as there is time left."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        super().__init__()
        self._sock = sock
        self._left = left

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """What has come; waits for it until the deadline."""
        self._sock.settimeout(self._left())
        return self._sock.recv_into(buffer)


def _unavailable(detail: str) -> Refused:
    return Refused(Reason.UNAVAILABLE, detail, retry_after=_RETRY_AFTER)
