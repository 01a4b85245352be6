"""Real clients, run as their users run them: certbot, lego, OpenSSL and curl, and the DNS server they publish in."""

import json
import os
import re
import selectors
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.daemon import Daemon

CLIENT_SECONDS = 90
"""The longest that one run of a client may take."""

ROOT = Path(__file__).resolve().parents[2]


SEARCH_PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"))
"""Programs of this Python's environment come first, those for administrators last."""


def program(name: str) -> str:
    """Where a program is; a machine without it fails."""
    found = shutil.which(name, path=SEARCH_PATH)
    assert found, f"{name} is not installed"
    return found


def attempt(
    *command: str | Path, environment: Mapping[str, str] | None = None, seconds: float = CLIENT_SECONDS
) -> tuple[int, str]:
    """Run a client; its exit code and everything that it printed."""
    done = subprocess.run(
        [program(str(command[0])), *map(str, command[1:])],
        env={**os.environ, "PATH": SEARCH_PATH, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    return done.returncode, done.stdout


def run(*command: str | Path, environment: Mapping[str, str] | None = None, seconds: float = CLIENT_SECONDS) -> str:
    """The same for what must succeed; what was printed."""
    code, printed = attempt(*command, environment=environment, seconds=seconds)
    assert code == 0, f"{' '.join(map(str, command))} ended with {code}:\n{printed}"
    return printed


class Zone:
    """A DNS server in a process of its own, its zone file, and hooks that clients write TXT records with."""

    def __init__(self, folder: Path) -> None:
        """Start it on a free port."""
        folder.mkdir(parents=True)
        self.file = folder / "zone.json"
        self.file.write_text("{}")
        self.hook = folder / "hook"
        self.hook.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/support/zone_hook.py {self.file} "$@"\n')
        self.hook.chmod(0o755)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.dns_server", "--zone-file", str(self.file)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._process.stdout, selectors.EVENT_READ)
            ready = waiting.select(30)
        line = self._process.stdout.readline() if ready else b""
        assert line.startswith(b"ready "), "the DNS server did not start"
        self.address = f"127.0.0.1:{int(line.split()[1])}"

    def alias(self, name: str, target: str) -> None:
        """From now on a CNAME stands at a name, and the hooks write to its target."""
        zone = json.loads(self.file.read_text())
        zone[name] = {"CNAME": [target]}
        self.file.write_text(json.dumps(zone))

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()


class Certbot:
    """certbot with folders of its own."""

    def __init__(self, folder: Path, daemon: Daemon, http_port: int, zone: Zone | None = None) -> None:
        """`http_port` is where the daemon looks for http-01 answers."""
        self.folder = folder
        self._daemon = daemon
        self._http_port = http_port
        self._zone = zone
        self._folders = ("--config-dir", folder, "--work-dir", folder / "work", "--logs-dir", folder / "logs")

    @property
    def environment(self) -> dict[str, str]:
        """It trusts the demonstration's CA, and nobody else."""
        return {"REQUESTS_CA_BUNDLE": str(self._daemon.ca_bundle)}

    @property
    def http01(self) -> tuple[str, ...]:
        """Answer http-01 by itself."""
        return ("--standalone", "--http-01-port", str(self._http_port), "--http-01-address", "127.0.0.1")

    @property
    def dns01(self) -> tuple[str, ...]:
        """Answer dns-01 through the zone file."""
        assert self._zone is not None
        hook = self._zone.hook
        hooks = ("--manual-auth-hook", f"{hook} present", "--manual-cleanup-hook", f"{hook} cleanup")
        return ("--manual", "--preferred-challenges", "dns", *hooks)

    def attempt(self, verb: str, *arguments: str | Path) -> tuple[int, str]:
        """`certbot VERB ARGUMENTS`; its exit code and what it printed."""
        server = ("-n", "--server", self._daemon.directory)
        return attempt("certbot", verb, *server, *arguments, *self._folders, environment=self.environment)

    def __call__(self, verb: str, *arguments: str | Path) -> str:
        """The same, which must succeed."""
        code, printed = self.attempt(verb, *arguments)
        assert code == 0, f"certbot {verb} {' '.join(map(str, arguments))} ended with {code}:\n{printed}"
        return printed

    def get(self, *arguments: str | Path) -> str:
        """`certbot certonly` for an account that is made when there is none."""
        return self("certonly", "--agree-tos", "-m", "you@example.com", *arguments)

    def live(self, name: str, file: str = "cert.pem") -> Path:
        """A file of a lineage."""
        return self.folder / "live" / name / file


class Lego:
    """lego with a folder of its own."""

    def __init__(self, folder: Path, daemon: Daemon, http_port: int, zone: Zone) -> None:
        """`http_port` is where the daemon looks for http-01 answers."""
        self.folder = folder
        self._daemon = daemon
        self._zone = zone
        self.http01 = ("--http", "--http.port", f"127.0.0.1:{http_port}")
        self.dns01 = ("--dns", "exec", "--dns.resolvers", zone.address, "--dns.disable-cp")
        self._environment = {
            "LEGO_CA_CERTIFICATES": str(daemon.ca_bundle),
            "EXEC_PATH": str(zone.hook),
            "EXEC_SEQUENCE_INTERVAL": "1",
            "EXEC_POLLING_INTERVAL": "1",
        }

    def __call__(self, *arguments: str | Path) -> str:
        """`lego ARGUMENTS`, which must succeed; global options come before the command, its own behind."""
        fixed = ("--server", self._daemon.directory, "--path", self.folder, "--accept-tos", "-m", "you@example.com")
        return run("lego", *fixed, *arguments, environment=self._environment)

    def file(self, name: str, suffix: str = "crt") -> Path:
        """A file of a certificate; `*` is written `_`."""
        return self.folder / "certificates" / f"{name.replace('*', '_')}.{suffix}"


def verify(daemon: Daemon, certificate: Path, chain: Path) -> None:
    """`openssl verify` under the root, with the chain that the client got."""
    files = ("-CAfile", daemon.home / "root.pem", "-untrusted", chain)
    said = run("openssl", "verify", "-x509_strict", *files, certificate)
    assert said.endswith(": OK\n"), said


def ocsp(daemon: Daemon, *asked: str | Path, hash_name: str = "sha1", nonce: bool = True) -> str:
    """What `openssl ocsp` prints about `-cert FILE` or `-serial NUMBER`; the answer's signature must be right."""
    files = ("-issuer", daemon.home / "issuer.pem", "-CAfile", daemon.ca_bundle, "-url", daemon.endpoints["ocsp.url"])
    options = () if nonce else ("-no_nonce",)
    said = run("openssl", "ocsp", f"-{hash_name}", *files, *options, *asked)
    assert "Response verify OK" in said, said
    assert "nonce" not in said.lower(), said
    return said


def status(daemon: Daemon, certificate: Path) -> str:
    """One word, and the reason where there is one: `good`, `revoked keyCompromise`."""
    said = ocsp(daemon, "-cert", certificate)
    word = re.search(rf"{re.escape(str(certificate))}: (\w+)", said)
    assert word, said
    reason = re.search(r"Reason: (\w+)", said)
    return f"{word[1]} {reason[1]}" if reason else word[1]


def serial(certificate: Path) -> str:
    """The serial number as OpenSSL writes it."""
    return run("openssl", "x509", "-in", certificate, "-noout", "-serial").strip().partition("=")[2]


def crl_text(daemon: Daemon, folder: Path) -> str:
    """The CRL as curl fetches it and OpenSSL verifies and prints it."""
    file = folder / "fetched.crl"
    run("curl", "-sSf", "-o", file, daemon.endpoints["crl.url"])
    said = run("openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-text", "-CAfile", daemon.ca_bundle)
    assert "verify OK" in said, said
    return said
