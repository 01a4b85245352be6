"""What systemd is told."""

import socket
from pathlib import Path

import pytest

from emca_daemon.listeners.notify import Notifier


def test_states_are_sent_as_datagrams(tmp_path: Path) -> None:
    """To the socket that systemd named."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        notifier = Notifier({"NOTIFY_SOCKET": address}, 7)
        notifier.ready()
        notifier.alive()
        notifier.stopping()
        assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_address_begins_with_a_zero_octet() -> None:
    """Written as `@` in the environment."""
    name = "emca-test-notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name)
        Notifier({"NOTIFY_SOCKET": "@" + name}, 7).ready()
        assert systemd.recv(100) == b"READY=1"


def test_nothing_happens_without_systemd(tmp_path: Path) -> None:
    """No socket named, or nobody listening there."""
    Notifier({}, 7).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}, 7).ready()


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000"}, 15.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000"}, None),
        ({}, None),
    ],
)
def test_signs_of_life_are_due_twice_in_the_time_that_systemd_waits(
    environment: dict[str, str], interval: float | None
) -> None:
    """If it waits for any, of this process."""
    assert Notifier(environment, 7).watchdog_interval == interval
