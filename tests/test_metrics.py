"""What is counted, and how it is written."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emca_daemon.ca.records import AuditEvent, AuditValue
from emca_daemon.metrics import DIRECTORY_VARIABLE, Metrics


def event(action: str, outcome: str = "success", **details: AuditValue) -> AuditEvent:
    """An audit event of that kind."""
    return AuditEvent(datetime(2026, 1, 1, tzinfo=UTC), "who", "http-01", "from", "r", action, "what", outcome, details)


def lines(metrics: Metrics, **ages: float) -> set[str]:
    """The rendered lines."""
    return set(metrics.render(ages).decode().splitlines())


def test_everything_counted_is_rendered() -> None:
    """With its labels."""
    metrics = Metrics({})
    for status in (200, 200, 404):
        metrics.observe("main", "acme", status, 0.002)
    metrics.note(event("certificate.issue", profile="server"))
    metrics.note(event("certificate.request", "refused", profile="server", reason="name refused"))
    metrics.note(event("certificate.request", "pending", profile="server"))
    metrics.note(event("certificate.revoke", reason="key_compromise"))
    metrics.note(event("certificate.revoke", "refused", reason="already revoked"))
    metrics.note(event("authorization.validate", "valid"))
    metrics.perspective("main", "east", "ok")
    rendered = lines(metrics, issuing=3.5)
    assert {
        'emca_requests_total{listener="main",protocol="acme",status="200"} 2.0',
        'emca_requests_total{listener="main",protocol="acme",status="404"} 1.0',
        'emca_request_seconds_count{protocol="acme"} 3.0',
        'emca_request_seconds_bucket{le="0.0025",protocol="acme"} 3.0',
        'emca_certificates_issued_total{profile="server"} 1.0',
        'emca_certificates_refused_total{profile="server",reason="name refused"} 1.0',
        'emca_certificates_revoked_total{reason="key_compromise"} 1.0',
        'emca_validations_total{outcome="valid",type="http-01"} 1.0',
        'emca_perspectives_total{endpoint="main",outcome="ok",perspective="east"} 1.0',
        'emca_crl_age_seconds{issuer="issuing"} 3.5',
    } <= rendered
    assert any(line.startswith("process_cpu_seconds_total") for line in rendered)
    assert not any("_created" in line for line in rendered)


def test_registries_are_apart() -> None:
    """Two daemons in one process do not add up."""
    first, second = Metrics({}), Metrics({})
    first.note(event("certificate.issue", profile="server"))
    assert 'emca_certificates_issued_total{profile="server"} 1.0' not in lines(second)


@pytest.mark.slow
def test_workers_share_their_numbers(tmp_path: Path) -> None:
    """Whichever worker is asked tells the sum of all, those that have ended included."""
    program = (
        "from tests.test_metrics import event; from emca_daemon.metrics import Metrics; m = Metrics();"
        "m.note(event('certificate.issue', profile='server')); m.observe('a', 'b', 200, 1);"
        "print(m.render({'x': 1.0}).decode())"
    )
    environment = {DIRECTORY_VARIABLE: str(tmp_path)}
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    ]
    assert 'emca_certificates_issued_total{profile="server"} 3.0' in outputs[-1]
    assert 'emca_requests_total{listener="a",protocol="b",status="200"} 3.0' in outputs[-1]
    assert 'emca_crl_age_seconds{issuer="x"} 1.0' in outputs[-1]
