"""All listeners of a process together: started, reloaded, and stopped so that requests under way are answered."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from structlog.typing import FilteringBoundLogger
from twisted.internet.defer import Deferred, DeferredList

from emca_daemon.listeners.endpoints import Listener, repeating
from emca_daemon.listeners.endpoints import Reactor as ListeningReactor
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.workers import parent_of, tell_ready

GRACE: Final = 10.0
"""Seconds that requests under way may still take."""

THREAD_GRACE: Final = 1.0

PARENT_CHECK_SECONDS: Final = 1.0
"""How often a worker looks whether its parent is still there."""


class Reactor(ListeningReactor, Protocol):
    """What stopping needs of a reactor."""

    def addSystemEventTrigger(self, phase: str, eventType: str, callable: Callable[[], object]) -> object:  # noqa: A002, N802, N803
        """Call it when the reactor is about to stop, and wait for the Deferred that it returns."""

    def callFromThread(self, callable: Callable[..., object], *args: object) -> None:  # noqa: N802, A002
        """Call it on the reactor's thread soon; safe in signal handlers."""

    def stop(self) -> None:
        """End its run, once."""


class Serving:
    """The listeners of a process, from ready to stopped."""

    def __init__(
        self,
        reactor: Reactor,
        listeners: Mapping[str, Listener],
        execution: Execution,
        *,
        notifier: Notifier,
        environment: Mapping[str, str],
        log: FilteringBoundLogger,
        grace: float = GRACE,
    ) -> None:
        """`environment` says whether a parent waits to hear from this worker."""
        self._reactor = reactor
        self._listeners = listeners
        self._execution = execution
        self._notifier = notifier
        self._environment = environment
        self._log = log
        self._grace = grace
        self._ending = False
        self._parent = parent_of(environment)
        self._watchdog = repeating(reactor, notifier.alive)
        self._parent_watch = repeating(reactor, self._look_for_parent)

    def ready(self) -> None:
        """Everything is served: say so, and stand by for the end."""
        self._reactor.addSystemEventTrigger("before", "shutdown", self.stop)
        interval = self._notifier.watchdog_interval
        if interval is not None:
            self._watchdog.start(interval)
        if self._parent is not None:
            # Not at once: a reactor that does not run yet cannot be stopped.
            self._parent_watch.start(PARENT_CHECK_SECONDS, now=False)
        self._log.info("serving", ports={name: listener.port for name, listener in self._listeners.items()})
        tell_ready(self._environment)
        self._notifier.ready()

    def reload(self) -> None:
        """Read the TLS certificates anew."""
        for listener in self._listeners.values():
            if listener.tls is not None:
                listener.tls.reload()

    def obey_signals(self, others: Sequence[Callable[[], object]] = ()) -> None:
        """End on SIGTERM and SIGINT; reload on SIGHUP, and call the others (profiles, settings) then too.

        The reactor is to be run without its own handlers, to which a second signal is an error: a worker gets one from
        systemd and one from its parent, and people press Ctrl-C twice.
        """

        def reload_all() -> None:
            """On the reactor's thread."""
            self.reload()
            for other in others:
                other()

        def on(number: int, call: Callable[[], object]) -> None:
            signal.signal(number, lambda _number, _frame: self._reactor.callFromThread(call))

        on(signal.SIGHUP, reload_all)
        on(signal.SIGTERM, self.end)
        on(signal.SIGINT, self.end)

    def end(self) -> None:
        """Stop the reactor, however often this is asked."""
        if not self._ending:
            self._ending = True
            self._reactor.stop()

    def _look_for_parent(self) -> None:
        """A worker whose parent was killed would keep the sockets from the next start."""
        if os.getppid() != self._parent:
            self._log.error("the parent is gone", parent=self._parent)
            self.end()

    def stop(self) -> "Deferred[None]":
        """Accept nothing more, answer what is under way, then end the pool; the reactor waits for it."""
        self._log.info("stopping", under_way=sum(len(listener.connections) for listener in self._listeners.values()))
        self._notifier.stopping()
        for repeated in (self._watchdog, self._parent_watch):
            if repeated.running:
                repeated.stop()
        stopped = DeferredList([listener.stop(self._grace) for listener in self._listeners.values()])
        return stopped.addCallback(lambda _: self._execution.stop(THREAD_GRACE))
