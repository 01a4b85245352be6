"""The daemon as its users run it: a process of its own in a folder of its own, on ports that nobody else has."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emca_daemon.cli.demo import demo_settings
from emca_daemon.cli.demo_endpoints import endpoints
from emca_daemon.cli.demo_secrets import make_secrets
from emca_daemon.composition.core import open_core
from emca_daemon.settings.checking import load_settings

START_SECONDS = 60
STOP_SECONDS = 20
COMMAND_SECONDS = 60
ISSUER = "demo-issuing"


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Ask again and again until it holds; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)


def free_port(*, pair: bool = False) -> int:
    """A TCP port that was free a moment ago; with `pair` the next one was free too."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if not pair:
                return port
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two neighbouring ports are free")


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Daemon:
    """One demonstration home and the process that serves it.

    `start` and `stop` may alternate; the log of all of them is kept. `demo` serves with `emca-daemon demo`, `serve`
    with the settings file as it stands, which may have been edited meanwhile.
    """

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        """Nothing runs yet; `environment` is added to this process's."""
        self.home = home
        self.port = free_port(pair=True)
        self.tls_port = free_port(pair=True)
        self.config = home / "emca.toml"
        self._log = home.parent / f"{home.name}.log"
        self._printed = home.parent / f"{home.name}.out"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EMCA_")},
            "DEMO_HOME": str(home),
            "PORT": str(self.port),
            "TLS_PORT": str(self.tls_port),
            "EMCA_CONFIG": str(self.config),
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Daemon":
        """Nothing is started by this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever still runs is ended."""
        if self._process is not None:
            self.kill()

    @property
    def endpoints(self) -> dict[str, str]:
        """The paths and, under dotted names, the addresses of endpoints.json."""
        found = endpoints(self.home, self.port, self.tls_port)
        return {name: value for name, value in found.items() if isinstance(value, str)}

    @property
    def pid(self) -> int:
        """The running process; with several workers the one that watches them."""
        assert self._process is not None
        return self._process.pid

    @property
    def directory(self) -> str:
        """The address of the ACME directory."""
        return self.endpoints["acme.directory"]

    @property
    def ca_bundle(self) -> Path:
        """Root and issuing CA in one PEM file."""
        return self.home / "ca-bundle.pem"

    @property
    def log(self) -> str:
        """Everything on standard error so far."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def printed(self) -> str:
        """Everything on standard output so far."""
        return self._printed.read_text() if self._printed.exists() else ""

    def settings(self) -> str:
        """The text of conf/demo.toml for this home and these ports."""
        return demo_settings(self.home, self.port, self.tls_port)

    def demo(self) -> "Daemon":
        """Run `emca-daemon demo`, which makes the home; ready when endpoints.json is there."""
        written = self.home / "endpoints.json"
        written.unlink(missing_ok=True)
        self._run(["demo"])
        self._await(written.exists)
        return self

    def serve(self, *, workers: int = 1) -> "Daemon":
        """Run `emca-daemon serve`; ready when it says so at /readyz."""
        self._run(["serve", "--workers", str(workers)])
        self._await(lambda: self.get_status(f"http://localhost:{self.port + 1}/readyz") == 200)
        return self

    def stop(self) -> None:
        """Ask it to stop, as systemd or Ctrl-C would, and expect it to end well."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        assert code == 0, f"the daemon ended with {code}:\n{self.log}"

    def kill(self) -> None:
        """Kill -9, workers included: no time for anything."""
        assert self._process is not None
        pid = self._process.pid
        with suppress(ProcessLookupError, FileNotFoundError):
            os.kill(pid, signal.SIGSTOP)  # so that it starts no worker meanwhile
            workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for one in (pid, *map(int, workers)):
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        self._process = None

    def command(self, *arguments: str | Path) -> Said:
        """`emca-daemon ARGUMENTS` on this home."""
        done = subprocess.run(
            [*_PROGRAM, *map(str, arguments)],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def done(self, *arguments: str | Path) -> Said:
        """The same, which must succeed."""
        said = self.command(*arguments)
        assert said.code == 0, f"emca-daemon {' '.join(map(str, arguments))}: {said.error}{said.out}"
        return said

    def make_home(self, settings: str, signer: str = "software") -> None:
        """The demonstration's CAs under other settings, made with the commands that administrators use."""
        if not self.config.exists():
            self.done("init", self.home)
        self.config.write_text(settings)
        self.done("migrate")
        core = open_core(load_settings(self.config, files=False))
        try:
            make_secrets(core, self.home)
        finally:
            core.store.close()
        self.done("check-config", self.config)
        root = ("--subject", "CN=EMCA Demo Root CA,O=EMCA Demo", "--key", f"{signer}:demo-root")
        self.done("ca", "create-root", "demo-root", *root)
        issuing = ("--subject", "CN=EMCA Demo Issuing CA,O=EMCA Demo", "--key", f"{signer}:{ISSUER}")
        self.done("ca", "create-sub", ISSUER, "--parent", "demo-root", *issuing)
        chain = self.done("ca", "export", ISSUER, "--chain").out
        parts = [part + _END for part in chain.split(_END)[:-1]]
        (self.home / "issuer.pem").write_text(parts[0].lstrip())
        (self.home / "root.pem").write_text(parts[-1].lstrip())
        self.ca_bundle.write_text(chain)

    def secrets(self) -> list[str]:
        """What must never be in a log: the passphrase, and the private keys by their first line."""
        files = [*(self.home / "keys").glob("*.pem"), self.home / "tls.key"]
        keys = [file.read_text().splitlines()[1] for file in files if file.exists()]
        return [(self.home / "keys.passphrase").read_text().strip(), *keys]

    def assert_quiet(self, *more_secrets: str) -> None:
        """Nothing went wrong inside, and nothing secret was told."""
        for sign in ("Traceback", '"bug"', "[error", '"level":"error"'):
            assert sign not in self.log, self.log
        for secret in [*self.secrets(), *more_secrets]:
            assert secret not in self.log + self.printed

    def get_status(self, url: str) -> int:
        """The HTTP status of a GET; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                status: int = response.status
                return status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def _run(self, arguments: Sequence[str]) -> None:
        assert self._process is None, "it runs already"
        with self._log.open("ab") as log, self._printed.open("ab") as printed:
            self._process = subprocess.Popen(
                [*_PROGRAM, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
                process_group=0,
            )

    def _await(self, ready: Callable[[], bool]) -> None:
        process = self._process
        assert process is not None

        def ready_or_over() -> bool:
            assert process.poll() is None, f"the daemon ended with {process.returncode}:\n{self.log}"
            return ready()

        wait_for(ready_or_over, "the daemon's start", START_SECONDS)


_PROGRAM = (sys.executable, "-m", "emca_daemon")
_END = "-----END CERTIFICATE-----\n"
