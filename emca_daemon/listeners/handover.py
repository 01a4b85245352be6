"""Sockets that come from outside: systemd's socket activation, and the parent process of a worker."""

import os
import socket
from collections.abc import Mapping
from typing import Final

from emca_daemon.errors import Reason, Refused

FIRST: Final = 3
"""The first descriptor that systemd passes (sd_listen_fds(3))."""

MOST: Final = 256

SOCKETS_VARIABLE: Final = "EMCA_SOCKETS"
"""How a parent tells its workers: `listener=descriptor` pairs, separated by blanks."""


def from_systemd(environment: Mapping[str, str], pid: int) -> dict[str, socket.socket]:
    """The sockets that systemd passed to this process, by their `FileDescriptorName=`; none if it passed none.

    Raises Refused(UNAVAILABLE) for what cannot be served.
    """
    if environment.get("LISTEN_PID") != str(pid):
        return {}
    count = _number(environment.get("LISTEN_FDS", "0"), "LISTEN_FDS")
    given = environment.get("LISTEN_FDNAMES", "").split(":")
    names = [given[index] if index < len(given) else "" for index in range(count)]
    for name in names:
        if names.count(name) > 1:
            raise Refused(Reason.UNAVAILABLE, f"two sockets are named `{name}` (FileDescriptorName=)")
    return _adopt_all({name: FIRST + index for index, name in enumerate(names)})


def from_parent(environment: Mapping[str, str]) -> dict[str, socket.socket] | None:
    """The sockets of a worker by listener; None in a process that is no worker. Raises Refused(UNAVAILABLE)."""
    passed = environment.get(SOCKETS_VARIABLE)
    if passed is None:
        return None
    pairs = [pair.partition("=") for pair in passed.split()]
    return _adopt_all({name: _number(descriptor, SOCKETS_VARIABLE) for name, _, descriptor in pairs})


def for_workers(sockets: Mapping[str, socket.socket]) -> str:
    """The value of `SOCKETS_VARIABLE` for workers that inherit these sockets."""
    return " ".join(f"{name}={sock.fileno()}" for name, sock in sockets.items())


def adopt(descriptor: int, name: str) -> socket.socket:
    """Take over a listening stream socket; raises Refused(UNAVAILABLE) if it is none."""
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise Refused(
            Reason.UNAVAILABLE, f"descriptor {descriptor} (`{name}`) is no socket: {error.strerror}"
        ) from error
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) or sock.type != socket.SOCK_STREAM:
        sock.detach()
        raise Refused(Reason.UNAVAILABLE, f"descriptor {descriptor} (`{name}`) is not a listening stream socket")
    os.set_inheritable(descriptor, False)
    sock.setblocking(False)
    return sock


def _adopt_all(descriptors: Mapping[str, int]) -> dict[str, socket.socket]:
    """All of them, or none."""
    adopted: dict[str, socket.socket] = {}
    try:
        for name, descriptor in descriptors.items():
            adopted[name] = adopt(descriptor, name)
    except Refused:
        for sock in adopted.values():
            sock.close()
        raise
    return adopted


def _number(text: str, variable: str) -> int:
    """A small count or descriptor."""
    if not (text.isascii() and text.isdigit()) or len(text) > 4 or int(text) > MOST:
        raise Refused(Reason.UNAVAILABLE, f"{variable} is not a number that can be used: {text[:20]!r}")
    return int(text)
