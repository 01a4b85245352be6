"""Handshakes for tls-alpn-01: on a network in memory, and with a real TLS server."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError as RefusedConnection
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, ProfileName
from emca_daemon.outbound.tls_alpn import TlsProbe
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import FetchFailure
from emca_daemon.protocols.acme.tls_alpn import PROTOCOL, TlsAnswer, judge_tls_alpn01
from emca_daemon.settings.acme import AcmeSettings, NetworkSettings
from tests.support.tls_alpn import shown

NAME = AlternativeName(NameType.DNS, "a.example")
KEY = "token.thumbprint"


class Names:
    """Stands for look-ups."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def addresses(self, name: str, deadline: Deadline) -> tuple[str, ...]:
        """Always the same."""
        assert (name, deadline.passed) == ("a.example", False)
        if not self._addresses:
            raise Refused(Reason.NOT_FOUND, f"{name} has no address")
        return self._addresses


def probe(reactor: Any, *addresses: str, port: int = 5001, allow: tuple[str, ...] = ("192.0.2.0/24",)) -> TlsProbe:
    """A probe on that network."""
    settings = AcmeSettings(
        base_url="https://ca.example/acme",
        profile=ProfileName("server"),
        tls_port=port,
        network=NetworkSettings(allow_networks=allow),
    )
    return TlsProbe(reactor, Names(*addresses), settings)  # type: ignore[arg-type]


def started(identifier: AlternativeName, *addresses: str) -> tuple[Any, list[Any], Deferred[Any]]:
    """A probe under way: its reactor, and what came of it."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    results: list[Any] = []
    under_way: Deferred[Any] = Deferred.fromCoroutine(probe(reactor, *addresses).probe(identifier))
    return reactor, results, under_way.addBoth(results.append)


def refuse(reactor: Any) -> None:
    """Refuse the newest connection."""
    reactor.tcpClients[-1][2].clientConnectionFailed(None, Failure(RefusedConnection()))  # type: ignore[no-untyped-call]


def test_every_address_is_tried() -> None:
    """On the endpoint's port, until one answers or none is left."""
    reactor, results, _ = started(NAME, "192.0.2.1", "192.0.2.2")
    refuse(reactor)
    refuse(reactor)
    assert [(host, port) for host, port, *_ in reactor.tcpClients] == [("192.0.2.1", 5001), ("192.0.2.2", 5001)]
    assert results[0].kind == "connection"


def test_an_address_is_asked_itself() -> None:
    """Without a look-up; private ones are refused."""
    reactor, _, _ = started(AlternativeName(NameType.IP, "192.0.2.9"))
    assert reactor.tcpClients[0][:2] == ("192.0.2.9", 5001)
    _, results, _ = started(AlternativeName(NameType.IP, "10.0.0.1"))
    assert results[0].kind == "refused-address"


def test_a_name_without_address() -> None:
    """Is a DNS failure."""
    _, results, _ = started(NAME)
    assert results == [FetchFailure("dns", "a.example has no address")]


def test_time_runs_out() -> None:
    """Nobody accepts the connection."""
    reactor, results, _ = started(NAME, "192.0.2.1")
    reactor.advance(11)
    assert (results[0].kind, "in time" in results[0].detail) == ("connection", True)


def test_a_cut_probe_says_nothing() -> None:
    """When the service stops."""
    _, results, under_way = started(NAME, "192.0.2.1")
    under_way.cancel()
    assert results[0].check(CancelledError) or isinstance(results[0].value, Exception)


@contextmanager
def served(folder: Path, protocols: list[str], *, tls: bool = True, ip: bool = False) -> Iterator[int]:
    """A server that shakes hands once."""
    der, key = shown(KEY, "ip:127.0.0.1" if ip else "a.example")
    chain = folder / "tls.pem"
    chain.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    context.set_alpn_protocols(protocols)
    listening = create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        try:
            with connection:
                if tls:
                    context.wrap_socket(connection, server_side=True).close()
                else:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
        thread.join(5)
    finally:
        listening.close()


def really(port: int, identifier: AlternativeName = NAME) -> Any:
    """What a real handshake shows."""
    reactor: Any = SelectReactor()
    outcome: list[Any] = []

    def begin() -> None:
        work = probe(reactor, "127.0.0.1", port=port, allow=("127.0.0.0/8",)).probe(identifier)
        Deferred.fromCoroutine(work).addBoth(outcome.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run(installSignalHandlers=False)
    return outcome[0]


@pytest.mark.slow
def test_a_real_server_proves_a_name(tmp_path: Path) -> None:
    """Exactly that protocol, exactly that certificate; an address as well."""
    with served(tmp_path, ["acme-tls/1"]) as port:
        answer = really(port)
    assert isinstance(answer, TlsAnswer)
    assert (answer.protocol, answer.address) == (PROTOCOL, "127.0.0.1")
    assert judge_tls_alpn01(KEY, NAME, answer) is None
    address = AlternativeName(NameType.IP, "127.0.0.1")
    with served(tmp_path, ["acme-tls/1"], ip=True) as port:
        assert judge_tls_alpn01(KEY, address, really(port, address)) is None


@pytest.mark.slow
def test_a_real_server_of_another_kind(tmp_path: Path) -> None:
    """Speaks another protocol, or no TLS at all."""
    with served(tmp_path, []) as port:
        answer = really(port)
    problem = judge_tls_alpn01(KEY, NAME, answer)
    assert problem is not None
    assert problem.type in {"unauthorized", "tls"}
    with served(tmp_path, [], tls=False) as port:
        assert really(port).kind == "tls"
