"""A perspective as a process: a listener that only known primaries may talk to, and the network behind it."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread
from twisted.logger import globalLogPublisher

from emca_daemon.clock import system_clock
from emca_daemon.listeners.answering import Surroundings
from emca_daemon.listeners.endpoints import Listener, listen, open_sockets
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.guard import Guard
from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.privileges import drop_privileges
from emca_daemon.listeners.serving import Serving
from emca_daemon.listeners.tls import TlsContext, TlsFiles
from emca_daemon.logs import StandardLogs, bridge_twisted, hush_libraries, make_log
from emca_daemon.outbound.perspective_looks import Looks
from emca_daemon.protocols.acme.perspective_messages import PATH, Question, Seen
from emca_daemon.protocols.acme.perspective_responder import PerspectiveResponder
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.randomness import system_random
from emca_daemon.settings.perspective import PerspectiveSettings

NAME = "perspective"


def run_perspective(settings: PerspectiveSettings, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or Ctrl-C; raises Refused for what keeps it from starting."""
    log = make_log(settings.logs, system_clock)
    sockets = open_sockets({NAME: settings.listener}, os.environ, os.getpid())
    if settings.user is not None:
        drop_privileges(settings.user)
    from twisted.internet import reactor

    running: Any = reactor
    hush_libraries()
    bridge_twisted(log, globalLogPublisher)
    logging.getLogger().addHandler(StandardLogs(log))
    execution = Execution("threads", waits=True, threads=settings.at_once, backlog=settings.at_once, reactor=running)
    around = Surroundings(
        execution=execution,
        guard=Guard(log),
        observe=lambda _listener, _protocol, _status, _seconds: None,
        log=log,
        random=system_random,
        seconds=time.monotonic,
    )
    listener = perspective_listener(settings, running, sockets[NAME], around, log)
    serving = Serving(
        running,
        {NAME: listener},
        execution,
        notifier=Notifier(os.environ, os.getpid()),
        environment=os.environ,
        log=log,
    )
    serving.obey_signals()
    serving.ready()
    running.callWhenRunning(ready)
    running.run(installSignalHandlers=False)


def perspective_listener(
    settings: PerspectiveSettings, reactor: Any, sock: Any, around: Surroundings, log: Any
) -> Listener:
    """The listener on a bound socket; raises Refused for TLS files that cannot be used."""
    looks = Looks.of(reactor, settings, system_random)

    def begin(question: Question) -> Any:
        """On the reactor's thread."""
        return Deferred.fromCoroutine(looks.look(question))

    def look(question: Question) -> Seen:
        """Wait on a thread for what the reactor's thread fetches."""
        log.info("looked", kind=question.kind, name=str(question.name))
        seen: Seen = blockingCallFromThread(reactor, begin, question)
        return seen

    listening = settings.listener
    tls = None if listening.tls is None else TlsContext(TlsFiles.of(listening.tls, ()), log)
    routes = Routes((Mount(PATH, PerspectiveResponder(look)),))
    return listen(reactor, NAME, listening, routes, sock, around, clock=system_clock, tls=tls)
