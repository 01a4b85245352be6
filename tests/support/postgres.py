"""A private PostgreSQL server for the tests: its own folder, its own port, gone at the end."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

import emca_daemon.store.transactions  # noqa: F401 - brings every table with it
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.schema import metadata

ACCOUNT = "postgres"
"""The account that the server runs as when the tests run as root, which it refuses to be."""

_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
max_connections = 60
shared_buffers = 32MB
log_min_messages = fatal
"""

_ACCESS = """
host all secretive 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
"""Everybody may in, except for one user on whom passwords are tried."""


_EMPTY_AGAIN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
{deletions};
ALTER TABLE audit_events ENABLE TRIGGER USER;
INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'))
"""
"""Ends who is still connected, and removes all rows, triggers or not."""


class PostgresServer:
    """Starts with `start`, ends with `stop`; `database` makes a fresh database and gives its address."""

    def __init__(self) -> None:
        self._programs = _find_programs()
        self._account = ACCOUNT if os.getuid() == 0 else None
        self._numbers = count(1)
        self._template = ""
        self._spare: list[str] = []
        self._folder = Path()
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster and run it; raises RuntimeError when that does not succeed within half a minute."""
        self._folder = Path(tempfile.mkdtemp(prefix="emca-postgres-"))
        if self._account:
            shutil.chown(self._folder, self._account, self._account)
        data = self._folder / "data"
        self._run("initdb", "--pgdata", str(data), "--username", "emca", "--encoding", "UTF8", "--locale", "C", "-N")
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION)
        (data / "pg_hba.conf").write_text(_ACCESS)
        self._port = _free_port()
        self.resume()

    def resume(self) -> None:
        """Run the server, for the first time or again."""
        arguments = ("-D", str(self._folder / "data"), "-p", str(self._port))
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", *arguments],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                user=self._account,
                group=self._account,
            )
        self._wait_until_ready()

    def pause(self) -> None:
        """Stop the server at once and keep its data; every connection breaks."""
        if self._process is not None:
            # End now, recover at the next start.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def stop(self) -> None:
        """End it and remove everything."""
        self.pause()
        shutil.rmtree(self._folder)

    def database(self, *, empty: bool = False) -> str:
        """The address of a fresh database, migrated unless it is to be empty."""
        if self._spare and not empty:
            return self._spare.pop()
        name = f"test_{next(self._numbers)}"
        if empty:
            self.execute(f"CREATE DATABASE {name}")
            return self._url(name)
        if not self._template:
            self.execute("CREATE DATABASE migrated")
            engine = open_engine(StoreSettings(url=self._url("migrated")))
            migrate(engine)
            engine.dispose()
            self._template = "migrated"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def give_back(self, url: str) -> None:
        """Take back a migrated database: emptied, it serves again, which is ten times as fast as a new one."""
        deletions = "; ".join(f"DELETE FROM {table}" for table in metadata.tables)
        self.execute(_EMPTY_AGAIN.format(deletions=deletions), url)
        self._spare.append(url)

    def execute(self, statements: str, url: str | None = None) -> None:
        """Run statements as the owner of everything, in that database."""
        with psycopg.connect(url or self._url("postgres"), autocommit=True) as connection:
            connection.execute(statements)

    def _url(self, database: str) -> str:
        return f"postgresql://emca@127.0.0.1:{self._port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._folder,
            capture_output=True,
            check=False,
            user=self._account,
            group=self._account,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}")

    def _wait_until_ready(self) -> None:
        for _ in range(300):
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self._process is None or self._process.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start: {(self._folder / 'log').read_text(errors='replace')}")


def _find_programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise RuntimeError("PostgreSQL is not installed: install the package postgresql")
    return versions[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
