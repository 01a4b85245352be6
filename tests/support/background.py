"""Servers that run beside a test and are ended by their process."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.clients import SEARCH_PATH, program

STOP_SECONDS = 20


class Background:
    """A running program."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it printed."""
        return self._log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Tell it something."""
        self._process.send_signal(number)

    def assert_running(self) -> None:
        """It has not ended."""
        assert self._process.poll() is None, f"it ended with {self._process.returncode}:\n{self.log}"


@contextmanager
def running(*command: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Background]:
    """A program that runs while the block does, with every process that it started."""
    log = folder / "background.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program(str(command[0])), *map(str, command[1:])],
            env={**os.environ, "PATH": SEARCH_PATH, **(environment or {})},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )
    try:
        yield Background(process, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
