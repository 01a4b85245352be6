"""How many connections there may be, and for how long."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.listeners.limits import Connections, Timeouts, peer_of
from emca_daemon.settings.model import ListenerSettings


class Open:
    """A connection that notes what is done to it."""

    def __init__(self, deadline: float) -> None:
        """Nothing yet."""
        self.deadline = deadline
        self.seen: list[str] = []

    def expire(self) -> None:
        """Note it."""
        self.seen.append("expire")

    def finish(self) -> None:
        """Note it."""
        self.seen.append("finish")

    def abort(self) -> None:
        """Note it."""
        self.seen.append("abort")


def test_connections_are_counted_in_all_and_by_peer() -> None:
    """Both limits hold, and a place is free again when a connection ends."""
    connections = Connections(3, 2, lambda: 0.0)
    first = Open(1)
    assert [connections.admit("192.0.2.1") for _ in range(3)] == [True, True, False]
    connections.opened(first)
    assert [connections.admit("192.0.2.2") for _ in range(2)] == [True, False]
    assert len(connections) == 3
    connections.closed(first, "192.0.2.1")
    assert connections.admit("192.0.2.1")
    assert not connections.admit("192.0.2.3")


def test_ipv6_hosts_are_counted_by_their_network() -> None:
    """A host can choose any address of its /64; mapped IPv4 addresses are what they map."""
    assert peer_of("2001:db8::1") == peer_of("2001:db8::ffff:1") != peer_of("2001:db8:0:1::1")
    assert peer_of("::ffff:192.0.2.1") == peer_of("192.0.2.1") == "192.0.2.1"
    assert peer_of("fe80::1%eth0") == peer_of("fe80::2")


def test_only_what_is_late_expires() -> None:
    """At its deadline, not before."""
    now = [10.0]
    connections = Connections(9, 9, lambda: now[0])
    late, early = Open(10.0), Open(10.5)
    for connection in (late, early):
        assert connections.admit("a")
        connections.opened(connection)
    connections.sweep()
    assert (late.seen, early.seen) == (["expire"], [])
    now[0] = 10.5
    late.deadline = 99
    connections.sweep()
    assert (late.seen, early.seen) == (["expire"], ["expire"])


def test_the_end_is_asked_for_then_forced() -> None:
    """And nobody is let in any more."""
    connections = Connections(9, 9, lambda: 0.0)
    connection = Open(1)
    connections.admit("a")
    connections.opened(connection)
    before = connections.finishing
    connections.finish()
    connections.abort()
    assert (before, connections.finishing) == (False, True)
    assert connection.seen == ["finish", "abort"]
    assert not connections.admit("b")


def test_times_come_from_the_settings() -> None:
    """In seconds."""
    timeouts = Timeouts(ListenerSettings(header_timeout=timedelta(seconds=1), body_timeout=timedelta(minutes=1)))
    assert (timeouts.header, timeouts.body, timeouts.idle) == (1.0, 60.0, 60.0)


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=30))
def test_counts_return_to_zero(addresses: list[str]) -> None:
    """Whoever came and went."""
    connections = Connections(10, 4, lambda: 0.0)
    admitted = [address for address in addresses if connections.admit(address)]
    assert len(connections) == len(admitted) <= 10
    for address in admitted:
        connections.closed(Open(0), address)
    assert len(connections) == 0
    assert all(connections.admit("a") for _ in range(4))
