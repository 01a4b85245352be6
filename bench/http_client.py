"""A small HTTP/1.1 client on asyncio: one kept connection, hardly any cost of its own."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 30.0
"""Seconds after which an answer is not waited for any more."""


class NoAnswerError(Exception):
    """The server is gone, or says nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises NoAnswerError where it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise NoAnswerError(f"{self.status} without JSON: {self.body[:60]!r}") from error

    def problem(self) -> dict[str, object]:
        """The problem document of an error; empty where the body is none, as what stands before a server sends."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Connection:
    """One connection to one server; opened when first needed, and again after it broke."""

    def __init__(self, server: str, context: ssl.SSLContext | None = None) -> None:
        """`server` is any URL of it; `context` is for https."""
        parts = urlsplit(server)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (443 if context else 80)
        self._context = context
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.requests = 0

    async def ask(
        self, method: str, url: str, body: bytes = b"", content_type: str = "", patience: float = PATIENCE
    ) -> Answer:
        """Send a request and read its answer; raises NoAnswerError, after which the connection is a new one."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        if method == "POST":
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        self.requests += 1
        try:
            async with asyncio.timeout(patience):
                return await self._exchange(f"{head}\r\n".encode() + body, bodiless=method == "HEAD")
        except (OSError, EOFError, ValueError) as error:
            self.drop()
            raise NoAnswerError(f"{type(error).__name__}: {error}") from error
        except asyncio.CancelledError:
            self.drop()
            raise

    async def close(self) -> None:
        """End the connection in good order."""
        if self._streams is not None:
            _, writer = self._streams
            self.drop()
            try:
                async with asyncio.timeout(1):
                    await writer.wait_closed()
            except OSError:
                pass

    def drop(self) -> None:
        """End the connection at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _exchange(self, request: bytes, *, bodiless: bool) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._context)
        reader, writer = self._streams
        writer.write(request)
        status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        body = b"" if bodiless or status in {204, 304} else await _body(reader, headers)
        if headers.get("connection", "").lower() == "close":
            self.drop()
        return Answer(status, headers, body)


def _head(text: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = text.decode("latin-1").rstrip("\r\n").split("\r\n")
    fields = (line.partition(":") for line in lines)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in fields}


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readline()
    return b"".join(parts)
