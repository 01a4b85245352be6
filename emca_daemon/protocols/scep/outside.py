"""What a challenge policy needs of the network: calls to the other side, as values."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from emca_daemon.protocols.http import Headers


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the other side; headers and body hold secrets."""

    method: str
    url: str
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status and the body, which is bounded."""

    status: int
    body: bytes = field(default=b"", repr=False)


class Conversation(Protocol):
    """Calls that share one deadline."""

    def exchange(self, call: Call) -> Answer:
        """Call and wait; redirects are not followed. Raises Refused(UNAVAILABLE) where no answer comes in time."""


class Outside(Protocol):
    """The way out."""

    def conversation(self) -> AbstractContextManager[Conversation]:
        """Begin to talk; raises Refused(UNAVAILABLE) where too many do already."""
