"""The listeners as clients meet them: processes, sockets on loopback, signals."""

import contextlib
import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@contextmanager
def daemon(workers: int = 0) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    """The small daemon, and its ports."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.listeners.program", str(workers)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def get(port: int, path: str = "/", timeout: float = 10.0) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def test_dribbling_connections_do_not_stop_a_good_one() -> None:
    """A hundred of them, a byte at a time: requests are answered meanwhile, and all hundred are cut off in the end."""
    with daemon() as (_, ports):
        slow = [socket.create_connection(("127.0.0.1", ports["one"])) for _ in range(100)]
        stop = threading.Event()

        def dribble() -> None:
            """One byte of a head that never ends, to each."""
            for connection in slow:
                connection.sendall(b"GET / HTTP/1.1\r\nX: ")
            while not stop.wait(0.3):
                for connection in slow:
                    try:
                        connection.sendall(b"a")
                    except OSError:
                        continue

        thread = threading.Thread(target=dribble)
        thread.start()
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert get(ports["one"])[0] == 200
            time.sleep(0.1)
        for connection in slow:
            connection.settimeout(10)
            assert connection.recv(20).startswith(b"HTTP/1.1 408")
        stop.set()
        thread.join()
        for connection in slow:
            connection.close()


def test_a_request_under_way_is_answered_although_sigterm_comes() -> None:
    """Then the process ends by itself, and new connections are refused at once."""
    with daemon() as (process, ports):
        answers: list[tuple[int, bytes]] = []
        thread = threading.Thread(target=lambda: answers.append(get(ports["one"], "/slow")))
        thread.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(OSError, match="refused"):
            get(ports["one"])
        thread.join()
        assert answers == [(200, str(process.pid).encode())]
        assert process.wait(10) == 0


@pytest.mark.parametrize("path", ["/", "/slow"])
def test_a_client_may_close_its_direction_first(path: str) -> None:
    """As `nc -N` does: the answer comes, then the end."""
    with daemon() as (process, ports), socket.create_connection(("127.0.0.1", ports["one"]), 10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            assert stream.read().endswith(f"\r\n\r\n{process.pid}".encode())


def test_workers_share_the_sockets_and_are_replaced() -> None:
    """Both answer, and when one is killed the other goes on until it has a successor."""
    with daemon(workers=2) as (_, ports):
        seen: set[bytes] = set()
        until = time.monotonic() + 20
        while len(seen) < 2 and time.monotonic() < until:
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                seen |= {get(ports["one"])[1] for _ in range(20)}
        assert len(seen) == 2
        victim = min(seen)
        os.kill(int(victim), signal.SIGKILL)
        after: set[bytes] = set()
        until = time.monotonic() + 20
        while len(after - {victim}) < 2 and time.monotonic() < until:
            try:
                after |= {get(ports["one"])[1] for _ in range(20)}
            except (ConnectionError, http.client.HTTPException):
                continue
            time.sleep(0.05)
        assert seen - {victim} < after - {victim}


def test_workers_end_with_a_parent_that_was_killed() -> None:
    """And the sockets with them, so that the next start finds them free."""
    with daemon(workers=2) as (process, ports):
        assert get(ports["other"])[0] == 200
        process.kill()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", ports["other"])) == errno.ECONNREFUSED:
                    return
            time.sleep(0.1)
        raise AssertionError("the workers still serve")
