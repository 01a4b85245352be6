"""How many connections there may be, and how long each may take over what it does."""

from ipaddress import IPv6Address
from math import inf
from typing import Protocol

from emca_daemon.listeners.answering import Seconds
from emca_daemon.settings.model import ListenerSettings


class Timeouts:
    """The times of a listener in seconds; each holds for the whole of a thing, not from one byte to the next."""

    __slots__ = ("body", "header", "idle")

    def __init__(self, settings: ListenerSettings) -> None:
        """`header` bounds the TLS handshake and a request's head, `body` a body or a closing, `idle` a pause."""
        self.header = settings.header_timeout.total_seconds()
        self.body = settings.body_timeout.total_seconds()
        self.idle = settings.idle_timeout.total_seconds()


class Connection(Protocol):
    """What the limits need of a connection."""

    deadline: float
    """When it has taken too long, in seconds of the same clock; infinite while the daemon is at work on it."""

    def expire(self) -> None:
        """The deadline has passed: end it."""

    def finish(self) -> None:
        """The listener stops: end it as soon as no request is under way."""

    def abort(self) -> None:
        """End it at once."""


class Connections:
    """The open connections of one listener."""

    def __init__(self, most: int, most_per_peer: int, seconds: Seconds) -> None:
        """At most so many in all, and from one peer (an IPv4 address or an IPv6 /64)."""
        self._most = most
        self._most_per_peer = most_per_peer
        self.seconds = seconds
        self._peers: dict[str, int] = {}
        self._count = 0
        self._open: set[Connection] = set()
        self._finishing = False

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    @property
    def finishing(self) -> bool:
        """Whether the listener is about to stop, so that no connection is kept alive."""
        return self._finishing

    def admit(self, address: str) -> bool:
        """Count a new connection from that address, or refuse it."""
        peer = peer_of(address)
        held = self._peers.get(peer, 0)
        if self._finishing or self._count >= self._most or held >= self._most_per_peer:
            return False
        self._peers[peer] = held + 1
        self._count += 1
        return True

    def opened(self, connection: Connection) -> None:
        """Watch an admitted connection."""
        self._open.add(connection)

    def closed(self, connection: Connection, address: str) -> None:
        """Forget it."""
        self._open.discard(connection)
        peer = peer_of(address)
        held = self._peers.get(peer, 0) - 1
        if held > 0:
            self._peers[peer] = held
        else:
            self._peers.pop(peer, None)
        self._count -= 1

    def sweep(self) -> None:
        """End every connection whose deadline has passed; to be called about once a second.

        Looking at all connections that often costs less than a timer a request would (some 0.1 ms for a thousand).
        """
        now = self.seconds()
        for connection in [each for each in self._open if each.deadline <= now]:
            connection.expire()

    def finish(self) -> None:
        """Ask every connection to end once its request is answered."""
        self._finishing = True
        for connection in list(self._open):
            connection.finish()

    def abort(self) -> None:
        """End every connection now."""
        for connection in list(self._open):
            connection.deadline = inf
            connection.abort()


def peer_of(address: str) -> str:
    """What counts as one peer: an IPv4 address, or the /64 that an IPv6 host can choose its addresses from."""
    if ":" not in address:
        return address
    address = address.partition("%")[0]
    packed = IPv6Address(address)
    if packed.ipv4_mapped is not None:
        return str(packed.ipv4_mapped)
    return packed.packed[:8].hex()
