"""A small daemon for tests with real sockets: two listeners, one responder that can be slow."""

import json
import os
import sys
import time
from datetime import timedelta

from twisted.internet import reactor

from emca_daemon.clock import system_clock
from emca_daemon.listeners.answering import Surroundings
from emca_daemon.listeners.endpoints import listen, open_sockets
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.guard import Guard
from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.serving import Serving
from emca_daemon.listeners.workers import Supervisor
from emca_daemon.logs import make_log
from emca_daemon.metrics import Metrics
from emca_daemon.protocols.http import Request, Response
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.randomness import system_random
from emca_daemon.settings.model import ListenerSettings, LogSettings

_BUSY = ListenerSettings(header_timeout=timedelta(seconds=2), connections=400, connections_per_peer=400)
LISTENERS = {"one": _BUSY, "other": _BUSY}


class Sleeping:
    """Answers with its process number; `/slow` takes a second and a half on a thread."""

    max_body = 1000

    def respond(self, request: Request) -> Response:
        """Now or later."""
        if request.path == "/slow":
            time.sleep(1.5)
        return Response(200, str(os.getpid()).encode())

    def waits(self, request: Request) -> bool:
        """Only what is slow."""
        return request.path == "/slow"

    def failed(self, request: Request) -> Response:
        """Plain."""
        return Response(500)

    def busy(self, request: Request) -> Response:
        """Plain."""
        return Response(503)


def announce(ports: dict[str, int]) -> None:
    """Tell the test where to connect."""
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()


def main(workers: int) -> int:
    """Serve in this process, or supervise workers that do."""
    log = make_log(LogSettings(level="warning"), system_clock)
    notifier = Notifier(os.environ, os.getpid())
    sockets = open_sockets(LISTENERS, os.environ, os.getpid())
    if workers:
        announce({name: sock.getsockname()[1] for name, sock in sockets.items()})
        command = [sys.executable, "-m", "tests.listeners.program", "0"]
        return Supervisor(
            command, workers, sockets, environment=os.environ, notifier=notifier, log=log, seconds=time.monotonic
        ).run()
    execution = Execution("threads", waits=True, threads=4, backlog=4, reactor=reactor)
    around = Surroundings(
        execution=execution,
        guard=Guard(log),
        observe=Metrics({}).observe,
        log=log,
        random=system_random,
        seconds=time.monotonic,
    )
    routes = Routes((Mount("", Sleeping()),))
    listeners = {
        name: listen(reactor, name, LISTENERS[name], routes, sock, around, clock=system_clock)
        for name, sock in sockets.items()
    }
    serving = Serving(reactor, listeners, execution, notifier=notifier, environment=os.environ, log=log)
    reactor.callWhenRunning(serving.ready)
    if "EMCA_WORKER" not in os.environ:
        reactor.callWhenRunning(announce, {name: listener.port for name, listener in listeners.items()})
    serving.obey_signals()
    reactor.run(installSignalHandlers=False)  # type: ignore[misc, call-arg]
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
