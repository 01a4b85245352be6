"""Look-ups and fetches on real sockets: a DNS server, HTTP and HTTPS servers on the loopback interface."""

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred
from twisted.internet.selectreactor import SelectReactor

from emca_daemon.clock import system_clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.outbound.http import HttpFetcher
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import HttpAnswer
from emca_daemon.randomness import system_random
from emca_daemon.settings.acme import AcmeSettings, NetworkSettings

pytestmark = pytest.mark.slow

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
ZONE = {
    "a.test": {"A": ["127.0.0.1"], "CAA": ['0 issue "ca.test"']},
    "b.test": {"CNAME": ["a.test"]},
    "dead6.test": {"AAAA": ["::1"], "A": ["127.0.0.1"]},
    "broken.test": {"FAIL": []},
    "_acme-challenge.a.test": {"TXT": ["one", "two"]},
    "_acme-challenge.b.test": {"CNAME": ["_acme-challenge.a.test"]},
    "big.test": {"TXT": ["x" * 250, "y" * 900]},
}


class Server(BaseHTTPRequestHandler):
    """Answers with the path; `/go/...` leads to the rest of the path."""

    timeout = 5

    def do_GET(self) -> None:
        """Answer or redirect."""
        body = f"{self.headers['Host']} {self.path}".encode()
        if self.path.startswith("/go/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/go/"))
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""


def on_reactor(work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
    """Run something to its end on a reactor of its own."""
    reactor: Any = SelectReactor()
    outcome: list[Any] = []

    def begin() -> None:
        Deferred.fromCoroutine(work(reactor)).addBoth(outcome.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run(installSignalHandlers=False)
    (result,) = outcome
    if hasattr(result, "raiseException"):
        result.raiseException()
    return result  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A DNS server in a process of its own."""
    zone = tmp_path_factory.mktemp("zone") / "zone.json"
    zone.write_text(json.dumps(ZONE))
    command = [sys.executable, "-m", "tests.support.dns_server", "--zone-file", str(zone)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, port = process.stdout.readline().split()
        assert word == "ready"
        yield f"127.0.0.1:{port}"
        process.terminate()


def serving(context: ssl.SSLContext | None = None) -> tuple[ThreadingHTTPServer, int]:
    """A web server in a thread."""
    ThreadingHTTPServer.block_on_close = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_port


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """HTTP and HTTPS, the latter with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wrong.example")])
    now = system_clock()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(hours=1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    path.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    plain, secure = serving(), serving(context)
    yield plain[1], secure[1]
    for server, _ in (plain, secure):
        server.shutdown()
        server.server_close()


def looked_up(resolver: str, ask: Callable[[Lookups, Deadline], Coroutine[Any, Any, T]]) -> T:
    """The result of a look-up."""
    settings = NetworkSettings(resolvers=(resolver,))
    return on_reactor(lambda reactor: ask(Lookups(settings, Exchange(reactor, system_random)), Deadline(reactor, 5)))


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("_acme-challenge.a.test", (b"one", b"two")),
        ("_acme-challenge.b.test", (b"one", b"two")),
        ("a.test", ()),
        ("nowhere.test", ()),
        ("big.test", (b"x" * 250, b"y" * 900)),
    ],
)
def test_texts_are_looked_up(resolver: str, name: str, texts: tuple[bytes, ...]) -> None:
    """Over UDP, and over TCP where they are long."""
    assert looked_up(resolver, lambda lookups, deadline: lookups.texts(name, deadline)) == texts


def raw(name: str, lookups: Lookups, deadline: Deadline) -> Coroutine[Any, Any, tuple[bytes, ...]]:
    """CAA records."""
    return lookups.raw(name, 257, deadline)


def test_records_that_twisted_does_not_know_are_looked_up(resolver: str) -> None:
    """As bytes, behind aliases; none where there are none."""
    for name, found in (("a.test", (b"\x00\x05issueca.test",)), ("b.test", (b"\x00\x05issueca.test",)), ("x.test", ())):
        assert looked_up(resolver, partial(raw, name)) == found
    with pytest.raises(Refused) as refusal:
        looked_up(resolver, partial(raw, "broken.test"))
    assert "CAA of broken.test" in refusal.value.detail


@pytest.mark.parametrize(("name", "reason"), [("broken.test", Reason.UNAVAILABLE), ("nowhere.test", Reason.NOT_FOUND)])
def test_what_is_not_there_is_told_from_what_is_broken(resolver: str, name: str, reason: Reason) -> None:
    """SERVFAIL and NXDOMAIN."""
    with pytest.raises(Refused) as refusal:
        looked_up(resolver, lambda lookups, deadline: lookups.addresses(name, deadline))
    assert refusal.value.reason is reason


def fetched(resolver: str, ports: tuple[int, int], host: str, path: str, *, allow: tuple[str, ...]) -> Any:
    """The result of a fetch."""
    network = NetworkSettings(resolvers=(resolver,), allow_networks=allow)
    settings = AcmeSettings(
        base_url="https://ca.example/acme",
        profile=ProfileName("server"),
        http_port=ports[0],
        tls_port=ports[1],
        network=network,
    )

    def fetch(reactor: Any) -> Coroutine[Any, Any, Any]:
        return HttpFetcher(reactor, Lookups(network, Exchange(reactor, system_random)), settings).fetch(host, path)

    return on_reactor(fetch)


LOOPBACK = ("127.0.0.0/8", "::1")


@pytest.mark.parametrize("host", ["a.test", "b.test", "dead6.test"])
def test_an_answer_is_fetched(resolver: str, ports: tuple[int, int], host: str) -> None:
    """By any name, over IPv4 where IPv6 leads nowhere."""
    answer = fetched(resolver, ports, host, "/x", allow=LOOPBACK)
    url = f"http://{host}:{ports[0]}/x"
    assert answer == HttpAnswer(200, f"{host}:{ports[0]} /x".encode(), url, "127.0.0.1")


def test_an_address_is_fetched_from(resolver: str, ports: tuple[int, int]) -> None:
    """Without a look-up; the Host header is the address."""
    answer = fetched(resolver, ports, "127.0.0.1", "/x", allow=LOOPBACK)
    assert answer == HttpAnswer(200, f"127.0.0.1:{ports[0]} /x".encode(), f"http://127.0.0.1:{ports[0]}/x", "127.0.0.1")


def test_a_redirect_to_https_is_followed(resolver: str, ports: tuple[int, int]) -> None:
    """Whatever the certificate says, and back again."""
    path = f"/go/https://b.test:{ports[1]}/go/http://a.test:{ports[0]}/end"
    answer = fetched(resolver, ports, "a.test", path, allow=LOOPBACK)
    assert answer == HttpAnswer(200, f"a.test:{ports[0]} /end".encode(), f"http://a.test:{ports[0]}/end", "127.0.0.1")


def test_loopback_is_refused_unless_listed(resolver: str, ports: tuple[int, int]) -> None:
    """As strangers' names would have it."""
    assert fetched(resolver, ports, "a.test", "/x", allow=()).kind == "refused-address"


def test_http_where_tls_is_meant_is_told(resolver: str, ports: tuple[int, int]) -> None:
    """A server that speaks no TLS."""
    path = f"/go/https://a.test:{ports[0]}/"
    assert fetched(resolver, ports, "a.test", path, allow=LOOPBACK).kind == "tls"


def test_a_closed_port_is_a_connection_failure(resolver: str, ports: tuple[int, int]) -> None:
    """Nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    assert fetched(resolver, (closed, ports[1]), "a.test", "/x", allow=LOOPBACK).kind == "connection"
