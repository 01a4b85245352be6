"""Pebble, and what takes its place: the same configuration, options and environment for both."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.pebble import own_certificate
from tests.support.clients import ROOT
from tests.support.daemon import free_port, wait_for

CALM = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "100"}
"""For clients that do not like surprises."""

OURS = (sys.executable, "-m", "emca_daemon", "pebble")
DEBIAN = ("pebble",)


class Pebble:
    """One server, from its start to the end of the block; its state is gone then."""

    def __init__(
        self, program: tuple[str, ...], folder: Path, environment: Mapping[str, str], *options: str, **changes: object
    ) -> None:
        """`changes` are further keys of the configuration."""
        folder.mkdir(parents=True)
        self.folder = folder
        self.port, self.management_port = free_port(), free_port()
        self.http_port, self.tls_port = free_port(), free_port()
        self.bundle, key = own_certificate(folder)
        configuration = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management_port}",
            "certificate": self.bundle.name,
            "privateKey": key.name,
            "httpPort": self.http_port,
            "tlsPort": self.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            **changes,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
        found = shutil.which(program[0])
        assert found, f"{program[0]} is not installed"
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [found, *program[1:], "-config", "pebble.json", *options],
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> "Pebble":
        """Wait until it answers."""

        def answers() -> bool:
            assert self._process.poll() is None, f"it ended with {self._process.returncode}:\n{self.log}"
            with suppress(OSError):
                return bool(self.get(self.directory))
            return False

        try:
            wait_for(answers, "the start of a Pebble", 30)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    def stop(self) -> None:
        """End it by its process."""
        self._process.kill()
        self._process.wait(10)

    @property
    def directory(self) -> str:
        """Where clients begin."""
        return f"https://127.0.0.1:{self.port}/dir"

    @property
    def log(self) -> str:
        """What it printed."""
        return (self.folder / "log").read_text(errors="replace")

    def get(self, url: str, body: bytes | None = None) -> bytes:
        """A resource; raises urllib's HTTPError."""
        context = ssl.create_default_context(cafile=str(self.bundle))
        with urllib.request.urlopen(url, body, timeout=10, context=context) as response:
            content: bytes = response.read()
            return content

    def manage(self, path: str, body: bytes | None = None) -> bytes:
        """A resource of the management interface."""
        return self.get(f"https://127.0.0.1:{self.management_port}{path}", body)

    def status(self, serial: str) -> Any:
        """What the management interface says of a certificate."""
        return json.loads(self.manage(f"/cert-status-by-serial/{serial}"))

    def manage_status(self, path: str, body: bytes | None = None) -> int:
        """The HTTP status of a request to the management interface."""
        try:
            self.manage(path, body)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        return 200
