"""The daemon that is measured: a demonstration's home in a temporary folder, and its process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measuring import forget_peak
from emca_daemon.cli.demo import create_hierarchy, write_certificates
from emca_daemon.cli.demo_secrets import make_secrets
from emca_daemon.cli.init import prepare
from emca_daemon.composition.core import open_core
from emca_daemon.settings.checking import load_settings
from tests.support.daemon import Daemon, free_port

ROOT = Path(__file__).parents[1]


class Site:
    """A home made in this process, so that its making is not part of what is measured."""

    def __init__(self, folder: Path, store: str = "", published_at: str = "", *, validating: bool = True) -> None:
        """`store` is the database's address; SQLite in the home if it is empty.

        `published_at` replaces host and port of the addresses in certificates. Unless `validating`, ACME believes
        every challenge, as its peers in a comparison do.
        """
        caches = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        self.daemon = Daemon(folder / "home", caches)
        self.answers_port = free_port()
        settings = self.daemon.settings().replace("http_port = 5002", f"http_port = {self.answers_port}")
        if not validating:
            settings = settings.replace("http_port =", "always_valid = true\nhttp_port =", 1)
        if store:
            settings = settings.replace(f"sqlite:///{self.daemon.home}/emca.db", store)
        if published_at:
            settings = settings.replace(f"http://localhost:{self.daemon.port}/", f"http://{published_at}/")
        core = open_core(load_settings(prepare(self.daemon.home, settings), files=False))
        try:
            create_hierarchy(core)
            make_secrets(core, self.daemon.home)
            write_certificates(core, self.daemon.home)
        finally:
            core.store.close()

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return self.daemon.pid


@contextmanager
def serving(store: str = "", *, validating: bool = True) -> Iterator[Site]:
    """A daemon of its own while the block runs; the arguments are those of `Site`."""
    with TemporaryDirectory(prefix="emca-bench-") as folder:
        site = Site(Path(folder), store, validating=validating)
        with site.daemon:
            site.daemon.serve()
            forget_peak(site.pid)
            yield site
            site.daemon.stop()


class Generator:
    """A load generator of this package in a process of its own: it prepares itself, waits for the word, reports."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Start it; raises RuntimeError if it does not get ready."""
        command = [sys.executable, "-m", module, *arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ready(self) -> bool:
        """Wait until it is prepared; False if it ended instead."""
        assert self._process.stdout is not None
        return self._process.stdout.readline() == "ready\n"

    def run(self) -> Any:
        """Give the word; its report, None if it ended without one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def __enter__(self) -> "Generator":
        """It has begun to prepare itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()
