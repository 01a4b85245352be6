"""HTTP as values: what a listener hands to a protocol and what it gets back."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

Headers = tuple[tuple[str, str], ...]
"""Header fields in order; names in lower case."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of the connection.

    `certificate` is the DER of the client certificate that TLS verified possession of; `exporter` is the RFC 9266
    channel binding (TLS 1.3), `unique` the RFC 5929 one (TLS 1.2); each None where there is none. `chain` is what the
    client sent after its certificate (DER), trusted by nobody.
    """

    address: str
    port: int = 0
    certificate: bytes | None = None
    exporter: bytes | None = None
    unique: bytes | None = None
    chain: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, read whole.

    `path` is the raw path as it was sent, still percent-encoded and never normalised; `query` is what followed `?`.
    `id` names the request in logs, in the audit chain and in internal errors.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    peer: Peer
    id: str
    secure: bool = False

    def header(self, name: str) -> str | None:
        """The first header field of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; the listener adds Content-Length, Date and Server."""

    status: int
    body: bytes = b""
    headers: Headers = field(default=())

    def header(self, name: str) -> str | None:
        """The first header field of that name, whatever its case."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None


class Responder(Protocol):
    """A protocol as a listener sees it: a plain function, and how it wants to be run."""

    max_body: int
    """Bytes of body that this protocol reads at the most; a listener answers 413 beyond."""

    def respond(self, request: Request) -> Response:
        """Answer; raises nothing but what is a bug."""

    def waits(self, request: Request) -> bool:
        """Whether answering this request waits for a store or a key (False: answered from memory)."""

    def failed(self, request: Request) -> Response:
        """The protocol's own "internal error" for a bug, naming only the request id."""

    def busy(self, request: Request) -> Response:
        """The protocol's own "try again later" (503 with Retry-After)."""


@runtime_checkable
class Limiting(Protocol):
    """A responder with words of its own for a body beyond `max_body`; for all others a listener says it in text."""

    def too_large(self, request: Request) -> Response:
        """The protocol's own 413 to a request whose body was not read, and is empty here."""


@runtime_checkable
class Toiling(Protocol):
    """A responder some of whose answers take so much computing that others should not wait meanwhile."""

    def toils(self, request: Request) -> bool:
        """Whether this one does (a password is verified, a key is made): a thread answers, where there may be one."""
