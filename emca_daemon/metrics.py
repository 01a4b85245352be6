"""What the daemon counts, for Prometheus: a registry of its own, or files shared by the workers of one parent."""

import os
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector

from emca_daemon.ca.records import AuditEvent

DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers of one parent keep their numbers; prometheus-client reads it on import, so the parent sets it."""

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of this process; every method is cheap and may be called on any thread."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """With `PROMETHEUS_MULTIPROC_DIR` set, what is rendered is the sum over all workers."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._directory = environment.get(DIRECTORY_VARIABLE)
        registry = self._registry = CollectorRegistry()
        if self._directory is None:
            ProcessCollector(registry=registry)
        self._requests = Counter(
            "emca_requests_total", "Requests answered", ("listener", "protocol", "status"), registry=registry
        )
        self._seconds = Histogram(
            "emca_request_seconds", "Time to answer", ("protocol",), registry=registry, buckets=SECONDS
        )
        self._issued = Counter("emca_certificates_issued_total", "Certificates issued", ("profile",), registry=registry)
        self._refused = Counter(
            "emca_certificates_refused_total", "Certificates refused", ("profile", "reason"), registry=registry
        )
        self._revoked = Counter("emca_certificates_revoked_total", "Revocations", ("reason",), registry=registry)
        self._validations = Counter(
            "emca_validations_total", "Validations of control over names", ("type", "outcome"), registry=registry
        )
        self._perspectives = Counter(
            "emca_perspectives_total",
            "What perspectives found about names",
            ("endpoint", "perspective", "outcome"),
            registry=registry,
        )
        self._crl_age = Gauge(
            "emca_crl_age_seconds",
            "Age of the newest CRL",
            ("issuer",),
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._request_children: dict[tuple[str, str, int], Counter] = {}
        self._seconds_children: dict[str, Histogram] = {}

    def observe(self, listener: str, protocol: str, status: int, seconds: float) -> None:
        """One request answered."""
        key = (listener, protocol, status)
        counter = self._request_children.get(key)
        if counter is None:
            counter = self._request_children[key] = self._requests.labels(listener, protocol, str(status))
        counter.inc()
        histogram = self._seconds_children.get(protocol)
        if histogram is None:
            histogram = self._seconds_children[protocol] = self._seconds.labels(protocol)
        histogram.observe(seconds)

    def note(self, event: AuditEvent) -> None:
        """Count what the audit chain is told: certificates issued, refused and revoked, names validated."""
        details = event.details
        if event.action in ("certificate.issue", "certificate.request"):
            profile = str(details.get("profile", ""))
            if event.outcome == "success":
                self._issued.labels(profile).inc()
            elif event.outcome in ("refused", "failed"):
                self._refused.labels(profile, str(details.get("reason", ""))).inc()
        elif event.action in ("certificate.revoke", "certificate.hold") and event.outcome == "success":
            self._revoked.labels(str(details.get("reason", ""))).inc()
        elif event.action == "authorization.validate":
            self._validations.labels(event.proof, event.outcome).inc()

    def perspective(self, endpoint: str, name: str, outcome: str) -> None:
        """One perspective looked: `ok`, the type of the problem that it found, or `unreachable`."""
        self._perspectives.labels(endpoint, name, outcome).inc()

    def render(self, crl_ages: Mapping[str, float]) -> bytes:
        """Everything in Prometheus' text format; `crl_ages` are the seconds since each issuer's newest CRL."""
        for issuer, age in crl_ages.items():
            self._crl_age.labels(issuer).set(age)
        registry = self._registry
        if self._directory is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self._directory)  # type: ignore[no-untyped-call]
        return bytes(generate_latest(registry))
