"""Debian's `scepserver` (micromdm's SCEP server): the peer of an enrollment over SCEP."""

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.daemon import free_port, wait_for


def find_scepserver() -> str | None:
    """Where it is."""
    return shutil.which("scepserver")


@contextmanager
def serving_scepserver(program: str, challenge: str) -> Iterator[tuple[int, str]]:
    """A fresh one with an RSA-2048 CA while the block runs: its process and its address."""
    with TemporaryDirectory(prefix="emca-bench-") as name:
        depot, port = Path(name) / "depot", free_port()
        made = ("ca", "-init", "-depot", str(depot), "-keySize", "2048")
        subprocess.run([program, *made], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        options = ("-depot", str(depot), "-port", str(port), "-challenge", challenge, "-allowrenew", "0")
        process = subprocess.Popen(
            [program, *options],
            cwd=name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}/scep"
        try:
            wait_for(lambda: answers(url), "scepserver")
            yield process.pid, url
        finally:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    """Whether a SCEP server has its CA certificate to give there."""
    try:
        with urllib.request.urlopen(f"{url}?operation=GetCACert", timeout=5) as response:
            return bool(response.read())
    except OSError:
        return False
