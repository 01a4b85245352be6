"""The daemon as a process: sockets, privileges, workers, and the reactor's run."""

import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from structlog.typing import FilteringBoundLogger
from twisted.logger import globalLogPublisher

from emca_daemon.ca.audit import event_by
from emca_daemon.ca.recovery import abandon_open_intents, reopen_approvals
from emca_daemon.clock import system_clock
from emca_daemon.composition.core import Core, open_core
from emca_daemon.composition.duties import CRASH_AGE, daemon_requester
from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.endpoints import open_sockets
from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.own_certificate import renew_own_certificate
from emca_daemon.listeners.privileges import drop_privileges
from emca_daemon.listeners.workers import WORKER_VARIABLE, Supervisor
from emca_daemon.logs import StandardLogs, bridge_twisted, hush_libraries, make_log
from emca_daemon.metrics import DIRECTORY_VARIABLE, Metrics
from emca_daemon.settings.model import Settings
from emca_daemon.store.database import open_engine
from emca_daemon.store.schema_version import is_current

if TYPE_CHECKING:
    from emca_daemon.composition.service import MoreMounts

Sockets = dict[str, socket.socket]


def run_daemon(settings: Settings, *, workers: int = 1, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop; `ready` is called once requests are answered.

    With several workers this process binds the sockets, starts them and watches them; each of them comes through here
    again and finds the sockets in its environment. Raises Refused for what keeps the daemon from starting.
    """
    log = make_log(settings.logs, system_clock)
    sockets = open_sockets(settings.listeners, os.environ, os.getpid())
    if WORKER_VARIABLE in os.environ:
        serve_here(settings, sockets, log, ready)
        return
    if settings.user is not None:
        drop_privileges(settings.user)
    prepare(settings)
    if workers > 1:
        raise SystemExit(supervise(settings, workers, sockets, log))
    serve_here(settings, sockets, log, ready)


def prepare(settings: Settings) -> None:
    """Before anything is served: a current schema, what a crash left behind, a note that the daemon starts, TLS files.

    Raises Refused(WRONG_STATE) when the schema is not current, and what keeps a missing certificate from being made.
    """
    engine = open_engine(settings.store)
    try:
        current = is_current(engine)
    finally:
        engine.dispose()
    if not current:
        raise Refused(Reason.WRONG_STATE, "the database's schema is not current: run `emca-daemon migrate` first")
    core = open_core(settings)
    try:
        requester = daemon_requester(core.random(8).hex())
        # One machine's SQLite file has no other daemon on it that could be at work: what was begun, died.
        alone = settings.store.url.startswith("sqlite:")
        age = timedelta(0) if alone else CRASH_AGE
        abandon_open_intents(core.store, requester, core.clock, age)
        reopen_approvals(core.store, requester, core.clock, age)
        with core.store.writing() as tx:
            if alone:
                tx.leases.end_all()
                tx.acme.release_challenges()
            event = event_by(requester, core.clock(), "daemon.start", str(settings.file), **configuration(settings))
            tx.audit.append(event)
        for listener in settings.listeners.values():
            # Now, while there is one process: every worker loads the files as soon as it starts.
            if listener.tls is not None and not listener.tls.certificate.exists():
                renew_own_certificate(listener.tls, core.enrollment, requester, core.clock)
    finally:
        core.store.close()


def configuration(settings: Settings) -> dict[str, str]:
    """SHA-256 of the settings file and of each profile, so that the audit chain shows when one of them changed."""
    files = {"settings": settings.file}
    files |= {f"profile {path.stem}": path for path in sorted(settings.profiles.glob("*.toml"))}
    return {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def supervise(settings: Settings, workers: int, sockets: Sockets, log: FilteringBoundLogger) -> int:
    """Start and watch the workers; the exit code."""
    command = [sys.executable, "-m", "emca_daemon", "serve", "--config", str(settings.file)]
    with TemporaryDirectory(prefix="emca-metrics-") as shared_metrics:
        supervisor = Supervisor(
            command,
            workers,
            sockets,
            environment={**os.environ, DIRECTORY_VARIABLE: shared_metrics},
            notifier=Notifier(os.environ, os.getpid()),
            log=log,
            seconds=time.monotonic,
        )
        return supervisor.run()


def serve_here(settings: Settings, sockets: Sockets, log: FilteringBoundLogger, ready: Callable[[], None]) -> None:
    """Serve in this process, on Twisted's reactor, until SIGTERM or Ctrl-C."""
    metrics = Metrics()
    serve_core(open_core(settings, metrics.note), metrics, sockets, log, ready)


def serve_core(
    core: Core,
    metrics: Metrics,
    sockets: Sockets,
    log: FilteringBoundLogger,
    ready: Callable[[], None],
    others: "MoreMounts | None" = None,
) -> None:
    """The same with a CA that is put together already; its store is closed in the end.

    `others` are mounts in the place of the usual ones, by the names in a listener's `serves`.
    """
    from twisted.internet import reactor

    from emca_daemon.composition.service import DaemonService

    hush_libraries()
    bridge_twisted(log, globalLogPublisher)
    logging.getLogger().addHandler(StandardLogs(log))
    try:
        DaemonService(core, metrics, reactor, log, others).start(sockets)
        running: Any = reactor
        running.callWhenRunning(ready)
        running.run(installSignalHandlers=False)
    finally:
        core.store.close()
