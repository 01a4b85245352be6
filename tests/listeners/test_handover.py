"""Sockets that come from outside."""

import os
import socket
from collections.abc import Iterator

import pytest

from emca_daemon.errors import Refused
from emca_daemon.listeners import handover
from emca_daemon.listeners.handover import adopt, for_workers, from_parent, from_systemd


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A listening socket in a place of its own."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def test_sockets_of_systemd_are_taken_by_name(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first descriptor on, in the order of the names."""
    descriptor = os.dup(listening.fileno())
    monkeypatch.setattr(handover, "FIRST", descriptor)
    environment = {"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}
    sockets = from_systemd(environment, 7)
    assert sockets["http"].getsockname() == listening.getsockname()
    assert not os.get_inheritable(descriptor)
    sockets["http"].close()


@pytest.mark.parametrize("environment", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": "8", "LISTEN_FDS": "1"}])
def test_sockets_for_another_process_are_not_ours(environment: dict[str, str]) -> None:
    """Only LISTEN_PID says whose they are."""
    assert from_systemd(environment, 7) == {}


@pytest.mark.parametrize("count", ["x", "-1", "99999", "257", "²"])
def test_nonsense_from_systemd_is_refused(count: str) -> None:
    """A count that cannot be one."""
    with pytest.raises(Refused):
        from_systemd({"LISTEN_PID": "7", "LISTEN_FDS": count}, 7)


def test_two_sockets_of_one_name_are_refused() -> None:
    """A listener could not tell which one it is to serve."""
    with pytest.raises(Refused, match="two sockets"):
        from_systemd({"LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:a"}, 7)


def test_sockets_are_taken_all_or_none(listening: socket.socket) -> None:
    """What was adopted before the one that cannot be is closed again."""
    copy = os.dup(listening.fileno())
    with pytest.raises(Refused, match="no socket"):
        from_parent({handover.SOCKETS_VARIABLE: f"web={copy} other=250"})
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(copy)


def test_workers_find_the_sockets_of_their_parent(listening: socket.socket) -> None:
    """By listener; a process without the variable is no worker."""
    copy = socket.socket(fileno=os.dup(listening.fileno()))
    environment = {handover.SOCKETS_VARIABLE: for_workers({"web": copy})}
    found = from_parent(environment)
    assert found is not None
    assert found["web"].getsockname() == listening.getsockname()
    assert from_parent({}) is None
    copy.detach()
    found["web"].close()


def test_only_listening_sockets_are_adopted() -> None:
    """Neither files nor sockets that do not listen."""
    reading, writing = os.pipe()
    with pytest.raises(Refused, match="no socket"):
        adopt(reading, "pipe")
    os.close(reading)
    os.close(writing)
    with socket.socket() as idle, pytest.raises(Refused, match="not a listening"):
        adopt(idle.fileno(), "idle")
    with pytest.raises(Refused):
        from_parent({handover.SOCKETS_VARIABLE: "web=x"})
