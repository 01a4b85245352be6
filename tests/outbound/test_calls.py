"""Tests of emca_daemon.outbound.calls, against servers on loopback: sockets and TLS are all that it is about."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emca_daemon.clock import system_clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.calls import MAX_ANSWER, Calls
from emca_daemon.protocols.scep.outside import Answer, Call
from tests.support.outside import common_name
from tests.support.scep_services import served

SHORT = timedelta(milliseconds=400)
Serve = Callable[[socket.socket], None]


@contextmanager
def speaking(serve: Serve) -> Iterator[str]:
    """The address of a server that does this with its one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def run() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def hear(connection: socket.socket) -> None:
    """The whole request: a connection that is closed with something unread takes the answer back."""
    heard = b""
    while not heard.endswith(b"body"):
        heard += connection.recv(65_536)


def exchange(url: str, *, timeout: timedelta = timedelta(seconds=10), ca_file: Path | None = None) -> Answer:
    """One call."""
    with Calls(timeout=timeout, at_once=1, ca_file=ca_file).conversation() as conversation:
        return conversation.exchange(Call("POST", url, (("x-a", "b"),), b"body"))


def refusal(url: str, *, timeout: timedelta = timedelta(seconds=10), ca_file: Path | None = None) -> str:
    """Why a call got no answer."""
    with pytest.raises(Refused) as caught:
        exchange(url, timeout=timeout, ca_file=ca_file)
    assert caught.value.reason is Reason.UNAVAILABLE
    return caught.value.detail


def test_a_call_gets_its_answer() -> None:
    """Headers and body arrive; several calls share a conversation; a redirect is an answer like another."""
    seen: list[Call] = []

    def service(call: Call) -> Answer:
        seen.append(call)
        return Answer(302 if call.method == "GET" else 200, call.body)

    with served(service) as base, Calls(timeout=timedelta(seconds=10), at_once=1).conversation() as conversation:
        assert conversation.exchange(Call("POST", f"{base}/a?b=c", (("x-a", "b"),), b"body")) == Answer(200, b"body")
        assert conversation.exchange(Call("GET", base)).status == 302
    headers = dict(seen[0].headers)
    assert seen[0].url.endswith("/a?b=c")
    assert (headers["x-a"], headers["user-agent"], headers["host"]) == ("b", "emca-daemon", base.partition("//")[2])


def test_no_more_talk_at_once_than_may() -> None:
    """The next is refused at once, until one has ended."""
    calls = Calls(timeout=SHORT, at_once=1)
    with calls.conversation():
        with pytest.raises(Refused) as caught, calls.conversation():
            pass
        assert caught.value.retry_after == 5
    with calls.conversation():
        pass


def test_the_deadline_holds_for_silence_and_for_drops() -> None:
    """Each octet of an answer by drops resets nothing."""
    stop = threading.Event()

    def drops(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            connection.sendall(b"x")

    def silence(_connection: socket.socket) -> None:
        stop.wait(10)

    for serve in (silence, drops):
        stop.clear()
        with speaking(serve) as host:
            assert refusal(f"http://{host}/", timeout=SHORT) == "127.0.0.1 did not answer in time"
            stop.set()


def test_a_conversation_ends_as_a_whole() -> None:
    """What is left for the second call is what the first has left."""
    times = [0.0]
    calls = Calls(timeout=timedelta(seconds=10), at_once=1, seconds=lambda: times[-1])
    with calls.conversation() as conversation, served(lambda _: Answer(200)) as base:
        call = Call("GET", base)
        assert conversation.exchange(call).status == 200
        times.append(10.0)
        with pytest.raises(Refused, match="in time"):
            conversation.exchange(call)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x16\x03\x01",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_ANSWER + 1),
    ],
)
def test_what_is_no_answer_is_an_outage(answer: bytes) -> None:
    """Cut off, too long, or no HTTP."""

    def serve(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(answer)

    with speaking(serve) as host:
        assert "127.0.0.1 cannot be talked to" in refusal(f"http://{host}/")


def test_nobody_there_is_an_outage() -> None:
    """Whether nobody listens or the address makes no sense."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "ConnectionRefusedError" in refusal(f"http://127.0.0.1:{port}/")
    assert "cannot be talked to" in refusal("http://127.0.0.1:1/a b\r\nx: y")


def test_tls_is_verified(tmp_path: Path) -> None:
    """By the roots of the settings, and the name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = common_name("localhost"), system_clock()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = builder.add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True)
    pem = builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    root = tmp_path / "root.pem"
    root.write_bytes(pem)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            hear(secured)
            secured.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    with speaking(serve) as host:
        port = host.rpartition(":")[2]
        assert exchange(f"https://localhost:{port}/", ca_file=root) == Answer(200, b"ok")
    with speaking(serve) as host:
        assert "the certificate of localhost is not trusted" in refusal(f"https://localhost:{host.rpartition(':')[2]}/")
    with speaking(serve) as host:
        assert "the certificate of 127.0.0.1 is not trusted" in refusal(f"https://{host}/", ca_file=root)
    with speaking(lambda connection: connection.close()) as host:
        assert "cannot be talked to" in refusal(f"https://{host}/", ca_file=root)
