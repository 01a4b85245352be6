"""acmetool: keeps the wanted state of certificates in a folder and works towards it."""

from pathlib import Path

import pytest

from tests.support.clients import run, verify
from tests.support.site import Site

pytestmark = pytest.mark.interop

ANSWERS = """
"acme-enter-email": "you@example.com"
"acme-agreement:": true
"""

TARGET = """
request:
  provider: {directory}
  key:
    type: ecdsa
  challenge:
    http-ports: ["127.0.0.1:{port}"]
    http-self-test: false
"""


def test_what_is_wanted_is_got(site: Site, tmp_path: Path) -> None:
    """By http-01, which it answers itself; a second run has nothing to do."""
    answers = tmp_path / "answers.yml"
    answers.write_text(ANSWERS)
    state = tmp_path / "state"
    (state / "conf").mkdir(parents=True)
    (state / "conf" / "target").write_text(TARGET.format(directory=site.daemon.directory, port=site.http_port))
    command = ("acmetool", f"--state={state}", "--batch", f"--response-file={answers}")
    environment = {"SSL_CERT_FILE": str(site.daemon.ca_bundle)}
    names = ("tool.emca.test", "two.tool.emca.test")
    run(*command, "want", *names, environment=environment)
    live = state / "live" / names[0]
    verify(site.daemon, live / "cert", live / "fullchain")
    before = (live / "cert").read_bytes()
    run(*command, "reconcile", environment=environment)
    assert (live / "cert").read_bytes() == before
