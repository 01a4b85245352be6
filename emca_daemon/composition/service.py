"""One serving process: the CA behind its listeners, and what it does by itself."""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from structlog.typing import FilteringBoundLogger
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from emca_daemon.ca.crl import CrlAge
from emca_daemon.composition.acme import acme_duties, acme_mounts, acme_validation
from emca_daemon.composition.attempts import attempt_duties
from emca_daemon.composition.cmp import cmp_duties, cmp_mounts
from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import ROUND, Duties, Duty, ca_duties, daemon_requester
from emca_daemon.composition.est import est_duties, est_mounts
from emca_daemon.composition.scep import scep_duties, scep_mounts
from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.answering import Surroundings
from emca_daemon.listeners.endpoints import Listener, listen
from emca_daemon.listeners.execution import Execution
from emca_daemon.listeners.guard import Guard
from emca_daemon.listeners.notify import Notifier
from emca_daemon.listeners.own_certificate import renew_own_certificate
from emca_daemon.listeners.serving import Serving
from emca_daemon.listeners.tls import TlsContext, TlsFiles
from emca_daemon.listeners.workers import WORKER_VARIABLE
from emca_daemon.metrics import Metrics
from emca_daemon.protocols.acme.ports import Validations
from emca_daemon.protocols.downloads.responder import DownloadsResponder
from emca_daemon.protocols.health import HealthResponder, MetricsResponder
from emca_daemon.protocols.ocsp.operations import Answering
from emca_daemon.protocols.ocsp.responder import OcspResponder
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.settings.model import ListenerSettings

T = TypeVar("T")

MoreMounts = Callable[[Core, Validations], Mapping[str, tuple[Mount, ...]]]
"""Mounts by the names in a listener's `serves`, built from the CA and whoever validates challenges."""


class DaemonService:
    """The daemon in one process, from start to stop, on one reactor."""

    def __init__(
        self,
        core: Core,
        metrics: Metrics,
        reactor: Any,
        log: FilteringBoundLogger,
        others: MoreMounts | None = None,
    ) -> None:
        """`reactor` is Twisted's; `others` are mounts in the place of the usual ones."""
        settings = core.settings
        self._core = core
        self._others = others
        self._reactor = reactor
        self._log = log
        self._waits = bool(settings.pkcs11) or not settings.store.url.startswith("sqlite:")
        self._execution = Execution(
            settings.execution.mode,
            waits=self._waits or any(one.asks for one in settings.scep.values()),
            threads=settings.execution.threads,
            backlog=settings.execution.backlog,
            reactor=reactor,
        )
        self._metrics = metrics
        self._crl_age = CrlAge(core.store, core.authorities, core.clock)
        holder = core.random(8).hex()
        self._requester = daemon_requester(holder)
        self._validation = acme_validation(core, reactor, self._run, holder, metrics.perspective)
        self._duties = Duties(store=core.store, holder=holder, clock=core.clock, duties=self._list_duties())
        self._rounds = LoopingCall(self._round)
        self._first_worker = os.environ.get(WORKER_VARIABLE, "1") == "1"

    def start(self, sockets: Mapping[str, socket.socket]) -> None:
        """Serve on these bound sockets, by listener; raises Refused for what cannot be started."""
        self._round_now(startup=True)
        around = Surroundings(
            execution=self._execution,
            guard=Guard(self._log),
            observe=self._metrics.observe,
            log=self._log,
            random=self._core.random,
            seconds=time.monotonic,
        )
        mounts = self._mounts() if self._others is None else self._others(self._core, self._validation)
        listeners = {
            name: self._listen(name, settings, sockets[name], mounts, around)
            for name, settings in self._core.settings.listeners.items()
        }
        serving = Serving(
            self._reactor,
            listeners,
            self._execution,
            notifier=Notifier(os.environ, os.getpid()),
            environment=os.environ,
            log=self._log,
        )
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        self._rounds.start(ROUND.total_seconds(), now=False)
        self._validation.startService()
        serving.obey_signals()
        serving.ready()
        threading.Thread(target=self._prepare_linter, name="linter", daemon=True).start()

    def _prepare_linter(self) -> None:
        """Load what the endpoints' profiles need, beside the first requests: neither they nor the start wait."""
        settings = self._core.settings
        names = {profile for endpoint in settings.acme.values() for profile in endpoint.every_profile}
        names |= {label.profile for label in settings.est.values()}
        names |= {profile for endpoint in settings.cmp.values() for profile in endpoint.every_profile}
        names |= {profile for endpoint in settings.scep.values() for profile in endpoint.all_profiles}
        self._core.linter.prepare({self._core.enrollment.profile(name).lint for name in names})

    def _listen(
        self,
        name: str,
        settings: ListenerSettings,
        sock: socket.socket,
        mounts: Mapping[str, tuple[Mount, ...]],
        around: Surroundings,
    ) -> Listener:
        tls = None
        if settings.tls is not None:
            own = [authority.certificate for authority in self._core.authorities.known()]
            tls = TlsContext(TlsFiles.of(settings.tls, own), self._log)
        routes = Routes(tuple(mount for served in settings.serves for mount in mounts[served]))
        return listen(self._reactor, name, settings, routes, sock, around, clock=self._core.clock, tls=tls)

    def _mounts(self) -> dict[str, tuple[Mount, ...]]:
        """What a listener may serve, by the names of the settings."""
        core, settings = self._core, self._core.settings
        answering = Answering(store=core.store, signers=core.ocsp_signers, clock=core.clock, settings=settings.ocsp)
        ocsp = OcspResponder(answering, path=settings.ocsp.path, clock=core.clock, waits=self._waits)
        downloads = DownloadsResponder(
            core.store,
            settings.downloads,
            crl_every=lambda name: settings.issuer(name).crl_every,
            clock=core.clock,
            waits=self._waits,
        )
        health = HealthResponder(self._checks())
        return {
            "acme": acme_mounts(core, self._validation),
            "cmp": cmp_mounts(core, waits=self._waits),
            "est": est_mounts(core),
            "scep": scep_mounts(core, waits=self._waits),
            "ocsp": (Mount(settings.ocsp.path, ocsp),),
            "downloads": (
                Mount(settings.downloads.crl_path, downloads),
                Mount(settings.downloads.certificate_path, downloads),
            ),
            "health": (Mount("/healthz", health), Mount("/readyz", health)),
            "metrics": (Mount("/metrics", MetricsResponder(self._render_metrics)),),
        }

    def _render_metrics(self) -> bytes:
        return self._metrics.render(self._crl_age.ages())

    def _checks(self) -> dict[str, Callable[[], str]]:
        """What must be well for the daemon to be ready; each says what is not, or nothing."""
        core = self._core

        def store() -> str:
            with core.store.reading() as tx:
                tx.issuers.version()
            return ""

        def signers() -> str:
            return "; ".join(f"{name}: {problem}" for name, problem in core.keys.check() if problem)

        def crls() -> str:
            late = [name for name, remaining in self._crl_age.remaining().items() if remaining <= timedelta(0)]
            return f"no current CRL of {', '.join(late)}" if late else ""

        return {"store": store, "signers": signers, "crls": crls}

    def _list_duties(self) -> tuple[Duty, ...]:
        core = self._core
        own = ca_duties(
            store=core.store,
            crls=core.crls,
            ocsp_signers=core.ocsp_signers,
            requester=self._requester,
            clock=core.clock,
        )
        return (
            *own,
            *(acme_duties(core) if core.settings.acme else ()),
            *attempt_duties(core),
            *est_duties(core, self._requester),
            *cmp_duties(core, self._requester),
            *scep_duties(core, self._requester),
        )

    def _round(self) -> "Deferred[None]":
        """One round of duties, on the pool where they may wait; the next begins when it is over."""
        return self._run(self._round_now).addErrback(self._note_failure)

    def _round_now(self, *, startup: bool = False) -> None:
        for name, refusal in self._duties.run():
            self._log.error("duty not done", duty=name, reason=refusal.reason.value, detail=str(refusal))
        if self._first_worker:
            self._renew_own_certificates(must=startup)

    def _renew_own_certificates(self, *, must: bool) -> None:
        """Every host has its own files, so this is no duty for one process among all."""
        core = self._core
        for name, settings in core.settings.listeners.items():
            if settings.tls is None:
                continue
            try:
                if renew_own_certificate(settings.tls, core.enrollment, self._requester, core.clock):
                    self._log.info("own certificate issued", listener=name)
            except Refused as refusal:
                if must and not settings.tls.certificate.exists():
                    raise
                self._log.error("own certificate not renewed", listener=name, detail=str(refusal))

    def _run(self, call: Callable[[], T]) -> "Deferred[T]":
        """Run a call where the settings let it run: on the pool, or at once; what it raises, bugs too, is a failure."""
        if not self._execution.pooled:
            return maybeDeferred(call)
        result: Deferred[T] = Deferred()

        def outcome() -> T | Failure:
            kept: list[T | Failure] = []
            maybeDeferred(call).addBoth(kept.append)
            return kept[0]

        def done(value: T | Failure) -> None:
            if isinstance(value, Failure):
                result.errback(value)
            else:
                result.callback(value)

        if not self._execution.submit(outcome, done):
            result.errback(Refused(Reason.UNAVAILABLE, "every worker is busy", retry_after=1))
        return result

    def _note_failure(self, failure: Failure) -> None:
        if isinstance(failure.value, Refused):
            self._log.warning("duties put off", detail=failure.value.detail)
        else:
            self._log.error("bug", duty="round", exc_info=failure.value)

    def _stop(self) -> "Deferred[None]":
        """No round begins any more, and whoever starts next need not wait until the lease runs out."""
        if self._rounds.running:
            self._rounds.stop()
        try:
            self._duties.stop()
        except Refused as refusal:
            self._log.warning("duties not handed over", detail=refusal.detail)
        return self._validation.stopService()
