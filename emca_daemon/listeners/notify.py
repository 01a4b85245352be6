"""Telling systemd how we are (sd_notify(3)): one datagram a message."""

import socket
from collections.abc import Mapping


class Notifier:
    """Sends to `NOTIFY_SOCKET`; does nothing where there is none."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        """`pid` is this process, to which WATCHDOG_PID must point for the watchdog to be ours."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        usec = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        self._watchdog_usec = int(usec) if ours and usec.isascii() and usec.isdigit() and len(usec) < 16 else 0

    @property
    def watchdog_interval(self) -> float | None:
        """Seconds between signs of life, half of what systemd waits for; None where it waits for none."""
        return self._watchdog_usec / 2_000_000 if self._watchdog_usec and self._address else None

    def ready(self) -> None:
        """Start-up is over: requests are answered."""
        self.send("READY=1")

    def stopping(self) -> None:
        """The process is about to end."""
        self.send("STOPPING=1")

    def alive(self) -> None:
        """A sign of life for the watchdog."""
        self.send("WATCHDOG=1")

    def send(self, state: str) -> None:
        """One message; a systemd that does not listen is no reason to stop."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            try:
                sock.setblocking(False)
                sock.sendto(state.encode(), self._address)
            except OSError:
                return
