"""Requests out of bytes, by httptools: what a connection feeds and gets back, without any transport."""

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

import httptools

from emca_daemon.errors import Refused
from emca_daemon.listeners.wire import split_target
from emca_daemon.protocols.http import Headers

MOST_FIELDS: Final = 100
"""Header fields of one request."""

CHUNK_OVERHEAD: Final = 8
"""How many times its length a chunked body may take on the wire: single bytes take six each."""


VERSIONS: Final = frozenset({"1.0", "1.1"})


class Stage(Enum):
    """Where the reader is in a request."""

    BETWEEN = "between"
    HEAD = "head"
    BODY = "body"


class Incoming(NamedTuple):
    """A whole request; `keep_alive` says whether the client wants to go on, `old` whether it speaks HTTP/1.0."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    keep_alive: bool
    old: bool


class Unreadable(Exception):  # noqa: N818 - an answer, not a fault of the program
    """The bytes are not a request that we read; `status` is what to answer before closing."""

    def __init__(self, status: int) -> None:
        """400, 405, 413, 431 or 501."""
        super().__init__(status)
        self.status = status


class RequestReader:
    """Reads the requests of one connection.

    httptools refuses what could be read in two ways (repeated or signed Content-Length, Content-Length beside
    Transfer-Encoding, folded fields, bare line feeds); sizes, Host and Transfer-Encoding are looked at here.
    """

    def __init__(self, limit: Callable[[str], int], max_header: int, continue_wanted: Callable[[], None]) -> None:
        """`limit` tells the largest body for a path; `continue_wanted` is called for `Expect: 100-continue`."""
        self._find_limit = limit
        self._max_header = max_header
        self._continue_wanted = continue_wanted
        self._complete: Callable[[Incoming], None] | None = None
        self._status = 400
        self.stage = Stage.BETWEEN
        self.count = 0
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes, complete: Callable[[Incoming], None]) -> None:
        """Read on, handing each request that is whole to `complete`; raises Unreadable, after which all is over."""
        self._complete = complete
        if self.stage is not Stage.BETWEEN:
            self._fed += len(data)
            self._check_fed()
        while data:
            data = self._feed(data)

    def _feed(self, data: bytes) -> bytes:
        """Read on; what is left where the parser stopped before the end."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserInvalidMethodError as error:
            raise Unreadable(501) from error
        except httptools.HttpParserError as error:
            raise Unreadable(self._status) from error
        return b""

    def close(self) -> None:
        """Let go of the parser, which refers back to this reader."""
        del self._parser
        self._complete = None

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.stage = Stage.HEAD
        self.count += 1
        self._url = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._head_size = self._body_size = self._fed = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url
        self._grow_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field; trailer fields are dropped."""
        if self.stage is Stage.HEAD:
            self._fields.append((name, value))
            self._grow_head(len(name) + len(value) + 4)
            if len(self._fields) > MOST_FIELDS:
                self._refuse(431)

    def on_headers_complete(self) -> None:
        """The head is whole: everything that can be refused before the body is."""
        if self._parser.get_method() == b"CONNECT":
            self._refuse(405)
        if self._parser.should_upgrade():
            return  # _ignore_upgrade comes back with the same head
        self.stage = Stage.BODY
        self._fed = 0
        try:
            self._path, self._query = split_target(self._url)
        except Refused:
            self._refuse(400)
        headers = self._headers = tuple(
            [(name.decode("ascii").lower(), value.decode("latin-1").strip(" \t")) for name, value in self._fields]
        )
        version = self._parser.get_http_version()
        if version not in VERSIONS:
            self._refuse(400)
        self._old = version == "1.0"
        length, chunked, expects = self._framing(headers)
        self._limit = self._find_limit(self._path)
        if length > self._limit:
            self._refuse(413)
        if expects and (length or chunked) and not self._old:
            self._continue_wanted()

    def _framing(self, headers: Headers) -> tuple[int, bool, bool]:
        """Content-Length, whether the body is chunked, and whether the client waits for "100 Continue"."""
        hosts = encodings = length = 0
        expects = False
        for name, value in headers:
            if name == "host":
                hosts += 1
            elif name == "content-length":
                length = int(value)
            elif name == "transfer-encoding":
                encodings += 1 if value.lower() == "chunked" else 2
            elif name == "expect":
                expects = value.lower() == "100-continue"
        if encodings > 1:
            self._refuse(501)
        if hosts > 1 or not (hosts or self._old) or (encodings and self._old):
            self._refuse(400)
        return length, bool(encodings), expects

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_size += len(body)
        if self._body_size > self._limit:
            self._refuse(413)
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._parser.should_upgrade():
            return
        self.stage = Stage.BETWEEN
        incoming = self.incoming(b"".join(self._chunks), keep_alive=self._parser.should_keep_alive())
        self._chunks = []
        if self._complete is not None:
            self._complete(incoming)

    def incoming(self, body: bytes = b"", *, keep_alive: bool = False) -> Incoming:
        """The request whose head was read last."""
        method = self._parser.get_method().decode("ascii")
        return Incoming(method, self._path, self._query, self._headers, body, keep_alive, self._old)

    def _grow_head(self, size: int) -> None:
        """Count what the head has taken so far."""
        self._head_size += size
        if self._head_size > self._max_header:
            self._refuse(431)

    def _check_fed(self) -> None:
        """Bound what is kept of a single field, of chunk extensions and of trailers, none of which is counted above."""
        if self.stage is Stage.HEAD and self._fed > self._max_header:
            raise Unreadable(431)
        if self.stage is Stage.BODY and self._fed > CHUNK_OVERHEAD * self._limit + self._max_header:
            raise Unreadable(413)

    def _refuse(self, status: int) -> None:
        """Leave a callback of the parser for good."""
        self._status = status
        raise Unreadable(status)

    def _ignore_upgrade(self, rest: bytes) -> bytes:
        """Go on in HTTP/1.1 where a client would have liked another protocol (RFC 9110 section 7.8); returns the rest.

        httptools stops behind such a head, as if there were no body: a fresh parser is given the head without the wish.
        """
        line = b"%b %b HTTP/%b" % (self._parser.get_method(), self._url, self._parser.get_http_version().encode())
        fields = [b"%b: %b" % field for field in self._fields if field[0].lower() != b"upgrade"]
        self._parser = httptools.HttpRequestParser(self)
        self._feed(b"\r\n".join((line, *fields, b"", b"")))
        return rest
