"""From the start of the process to the first answer at /readyz."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import cpu_seconds, resident_megabytes
from bench.site import Site
from bench.tables import Table

STARTS = ("first: Python compiles everything", "second", "third")


def measure() -> Table:
    """`emca-daemon serve` on a demonstration's home, several times."""
    table = Table("Start", ("start", "seconds until ready", "CPU seconds", "memory MB"))
    with TemporaryDirectory(prefix="emca-bench-") as folder:
        site = Site(Path(folder))
        with site.daemon:
            for name in STARTS:
                begun = time.monotonic()
                site.daemon.serve()
                seconds = time.monotonic() - begun
                table.add(name, seconds, cpu_seconds(site.pid), resident_megabytes(site.pid))
                site.daemon.stop()
    table.notes.append("A home with its CAs made, SQLite, one process, encrypted software keys.")
    return table
