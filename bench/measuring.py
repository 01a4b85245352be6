"""What a process has cost so far, and the machine that it ran on."""

import os
import platform
import ssl
from collections.abc import Sequence
from pathlib import Path

import cryptography
import twisted
from cryptography.hazmat.backends.openssl.backend import backend

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def resident_megabytes(pid: int) -> float:
    """The most memory that a process had resident since it began, or since `forget_peak`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def forget_peak(pid: int) -> None:
    """Measure its memory anew: a first start compiles the package, which takes more than all that comes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def share(ordered: Sequence[float], part: float) -> float:
    """The value below which that part of sorted values lies; 0 for none."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def machine() -> str:
    """One line: cores, processor, and the versions of what matters."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    return (
        f"{os.cpu_count()} cores, {model}; Linux {platform.release().partition('-')[0]}; "
        f"Python {platform.python_version()}; cryptography {cryptography.__version__} with "
        f"{backend.openssl_version_text()}; TLS by {ssl.OPENSSL_VERSION}; Twisted {twisted.__version__}; "
        f"load before the run {os.getloadavg()[0]:.1f}"
    )


def _cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text().splitlines()
