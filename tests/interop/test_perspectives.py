"""Validation from several perspectives: a daemon, two perspectives as processes of their own, one of which lies."""

import ssl
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
import requests

from emca_daemon.protocols.http import Request, Response
from tests.support.acme_client import AcmeClient, csr_for, thumbprint_of
from tests.support.background import running
from tests.support.clients import Zone
from tests.support.daemon import Daemon, free_port, wait_for
from tests.support.perspectives import perspective_settings, self_signed, web_server

pytestmark = pytest.mark.interop

ENDPOINT = """
[acme.{name}]
base_url = "https://localhost:{tls_port}/{name}"
profile = "tls-server"
issuer = "demo-issuing"
http_port = {http_port}
validation_attempts = 1
{more}
[acme.{name}.network]
resolvers = ["{resolver}"]
hosts = {{ "*.emca.test" = "127.0.0.1" }}
allow_networks = ["127.0.0.0/8"]

[acme.{name}.perspectives]
certificate = "{folder}/primary.pem"
key = "{folder}/primary.key"
{quorum}
"""
REMOTE = """
[acme.{name}.perspectives.remotes.{remote}]
address = "https://127.0.0.1:{port}"
certificate = "{folder}/{pinned}.pem"
"""


@dataclass(frozen=True)
class Watched:
    """The daemon, the web server that it finds names at, and the ports of its perspectives."""

    daemon: Daemon
    web: Any
    folder: Path
    ports: dict[str, int]

    def validated(self, endpoint: str, name: str) -> dict[str, Any]:
        """The authorization of a name in its final state, and the certificate's order where it is valid."""
        client = AcmeClient(self._send, f"https://localhost:{self.daemon.tls_port}/{endpoint}").register()
        order = client.order(name)
        challenge = client.challenge(order)
        self.web.body = f"{challenge['token']}.{thumbprint_of(client.key)}".encode()
        client.post(challenge["url"], {})
        url = order.json["authorizations"][0]
        wait_for(lambda: client.post(url).json["status"] != "pending", "the validation", 30)
        found: dict[str, Any] = client.post(url).json
        if found["status"] == "valid":
            assert client.finalize(order, csr_for(name)).json["status"] == "valid"
        return found

    def _send(self, request: Request) -> Response:
        url = f"https://localhost:{self.daemon.tls_port}{request.path}"
        ca = str(self.daemon.ca_bundle)
        answer = requests.request(
            request.method, url, headers=dict(request.headers), data=request.body, verify=ca, timeout=20
        )
        return Response(answer.status_code, answer.content, tuple(answer.headers.items()))


def _settings(daemon: Daemon, folder: Path, http_port: int, ports: dict[str, int], resolver: str) -> str:
    """The demonstration's, with an endpoint that one perspective is enough for, and others."""
    text = daemon.settings().replace('level = "warning"', 'level = "info"')
    honest, lying, silent = (("honest", "honest"), ("lying", "lying"), ("silent", "honest"))
    captive = ("captive", "captive")
    cases = {
        "usual": ("", (honest, lying)),
        "strict": ("quorum = 2", (honest, lying)),
        "deaf": ("quorum = 2", (honest, silent)),
        "guarded": ("quorum = 2", (honest, captive)),
        "foreign": ("quorum = 1", (("honest", "lying"),)),
    }
    for name, (quorum, remotes) in cases.items():
        place = {"name": name, "folder": folder, "resolver": resolver}
        place["more"] = 'caa = "on"\ncaa_identities = ["ca.test"]' if name == "guarded" else ""
        text += ENDPOINT.format(**place, tls_port=daemon.tls_port, http_port=http_port, quorum=quorum)
        for remote, pinned in remotes:
            text += REMOTE.format(**place, remote=remote, port=ports[remote], pinned=pinned)
    return text


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Everything runs; in the end nothing may have gone wrong inside."""
    folder = tmp_path_factory.mktemp("perspectives")
    primary, _ = self_signed(folder, "primary")
    ports = {name: free_port() for name in ("honest", "lying", "silent", "captive")}
    with ExitStack() as stack:
        http_port, web = stack.enter_context(web_server(b""))
        lying_port, _ = stack.enter_context(web_server(b"hijacked"))
        real, other = (Zone(folder / name) for name in ("real", "other"))
        stack.callback(real.stop)
        stack.callback(other.stop)
        real.file.write_text('{"e.emca.test": {"CAA": ["0 issue \\"ca.test\\""]}, "f.emca.test": {}}')
        other.file.write_text('{"e.emca.test": {"CAA": ["0 issue \\"evil.test\\""]}, "f.emca.test": {}}')
        perspectives = (("honest", http_port, real), ("lying", lying_port, real), ("captive", http_port, other))
        for name, seen, zone in perspectives:
            file = perspective_settings(folder, name, ports[name], seen, primary, zone.address)
            place = folder / f"{name}-runs"
            place.mkdir()
            program = (sys.executable, "-m", "emca_daemon", "perspective", "--config", file)
            log = stack.enter_context(running(*program, folder=place))
            wait_for(lambda log=log: '"serving"' in log.log, f"perspective {name}", 30)  # type: ignore[misc]
        daemon = stack.enter_context(Daemon(folder / "demo"))
        daemon.demo()
        daemon.stop()
        text = _settings(daemon, folder, http_port, ports, real.address)
        daemon.config.write_text(text)
        daemon.serve()
        yield Watched(daemon, web, folder, ports)
        daemon.stop()
        daemon.assert_quiet()


def test_one_of_two_may_differ(watched: Watched) -> None:
    """All but one must confirm; what each of them found is in the audit chain and among the metrics."""
    assert watched.validated("usual", "a.emca.test")["status"] == "valid"
    said = watched.daemon.done("audit", "list", "--json").out
    assert "honest: ok, lying: unauthorized" in said
    url = f"http://localhost:{watched.daemon.port + 1}/metrics"
    metrics = requests.get(url, timeout=5).text
    assert 'emca_perspectives_total{endpoint="usual",outcome="unauthorized",perspective="lying"} 1.0' in metrics


def test_two_of_two_must_agree_where_the_settings_say_so(watched: Watched) -> None:
    """The client is told which perspective saw something else."""
    found = watched.validated("strict", "b.emca.test")
    assert found["status"] == "invalid"
    (error,) = (challenge["error"] for challenge in found["challenges"] if "error" in challenge)
    assert error["type"].endswith(":unauthorized")
    assert "during secondary validation: 1 of 2 perspectives confirm it, 2 must" in error["detail"]
    (subproblem,) = error["subproblems"]
    assert subproblem["detail"].startswith("perspective lying: ")
    assert "hijacked" in subproblem["detail"]


def test_caa_is_looked_up_from_everywhere(watched: Watched) -> None:
    """One perspective is told by its resolver that another CA alone may issue."""
    found = watched.validated("guarded", "e.emca.test")
    (error,) = (challenge["error"] for challenge in found["challenges"] if "error" in challenge)
    assert error["type"].endswith(":caa")
    assert error["subproblems"][0]["detail"].startswith("perspective captive: the CAA set of e.emca.test")
    assert watched.validated("guarded", "f.emca.test")["status"] == "valid"


def test_a_silent_perspective_confirms_nothing(watched: Watched) -> None:
    """Nobody listens at its address."""
    error = watched.validated("deaf", "c.emca.test")["challenges"][0]["error"]
    assert error["type"].endswith(":serverInternal")
    assert error["subproblems"][0]["detail"] == "perspective silent: the perspective silent could not be asked"


def test_another_certificate_than_the_pinned_one_is_not_trusted(watched: Watched) -> None:
    """Though it is at the right address and names it."""
    error = watched.validated("foreign", "d.emca.test")["challenges"][0]["error"]
    assert error["type"].endswith(":serverInternal")


def test_strangers_are_not_answered(watched: Watched, tmp_path: Path) -> None:
    """Neither without a certificate nor with one that is not listed."""
    url = f"https://127.0.0.1:{watched.ports['honest']}/perspective/v1"
    question = b'{"kind":"txt","type":"dns","name":"a.emca.test"}'

    def ask(own: tuple[Path, Path] | None) -> int:
        context = ssl.create_default_context(cafile=str(watched.folder / "honest.pem"))
        if own is not None:
            context.load_cert_chain(own[0], own[1])
        try:
            with urllib.request.urlopen(url, question, timeout=10, context=context) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    for stranger in (None, self_signed(tmp_path, "stranger")):
        with pytest.raises((URLError, OSError)):
            ask(stranger)
    assert ask((watched.folder / "primary.pem", watched.folder / "primary.key")) == 200
