"""EST with proof of possession bound to the TLS session, and Bouncy Castle's client through a driver of ours."""

import json
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from OpenSSL import SSL

from emca_daemon.asn1 import der
from tests.support.clients import run
from tests.support.daemon import Daemon
from tests.support.est_clients import EstSite, subject
from tests.support.est_world import basic, request

pytestmark = pytest.mark.interop

LABELS = """
[est.bound]
profile = "device"
issuer = "demo-issuing"
proof_of_possession = "required"

[est.md5]
profile = "device"
issuer = "demo-issuing"
authentication = "http"

[est.md5.http]
methods = ["digest-md5"]
"""
JARS = ("bcprov", "bcpkix", "bcutil", "bctls")
CHALLENGE = "1.2.840.113549.1.9.7"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A demonstration with labels of its own, and a user who may use HTTP Digest with MD5."""
    with Daemon(tmp_path_factory.mktemp("est") / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        daemon.config.write_text(daemon.settings() + LABELS)
        password = daemon.home / "password"
        password.touch(mode=0o600)
        password.write_text("correct horse\n")
        daemon.done("user", "create", "old", "--digest", "md5", "--password-file", password)
        daemon.serve()
        yield daemon
        daemon.stop()
        daemon.assert_quiet("correct horse")
        assert daemon.done("audit", "verify", "--json").json["unbroken"] is True


@pytest.fixture
def est(daemon: Daemon, tmp_path: Path) -> EstSite:
    """Its EST."""
    return EstSite(daemon, tmp_path)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The command that runs our Java driver of Bouncy Castle's client."""
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)
    out = tmp_path_factory.mktemp("classes")
    run("javac", "-cp", path, "-d", out, Path(__file__).parent / "java" / "EstClient.java", seconds=120)
    return ("java", "-Djava.util.logging.config.file=/dev/null", "-cp", f"{path}:{out}", "EstClient")


def bouncy(est: EstSite, driver: tuple[str, ...], mode: str, *more: str) -> str:
    """What the driver printed."""
    user, _, password = est.userpass.partition(":")
    host = est.url.removeprefix("https://").partition("/")[0]
    given = more or (user, password)
    arguments: tuple[str | Path, ...] = (host, est.root, mode, *given[:2], est.folder / "bouncy.pem", *given[2:])
    done = subprocess.run([*driver, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("mode", "printed"),
    [
        ("cacerts", "certificates 2\n"),
        ("csrattrs", "attributes true\n"),
        ("basic", "enrolled\n"),
        ("pop", "enrolled\n"),
        ("keygen", "key true\nenrolled\n"),
    ],
)
def test_bouncy_castle(est: EstSite, driver: tuple[str, ...], mode: str, printed: str) -> None:
    """Each operation of its client; `pop` binds the request by tls-unique."""
    assert bouncy(est, driver, mode) == printed
    if "enrolled" in printed:
        assert subject(est.folder / "bouncy.pem") == "CN=bouncy"


def test_bouncy_castle_speaks_digest(est: EstSite, driver: tuple[str, ...]) -> None:
    """With MD5, the only algorithm it knows, on a label that offers nothing else."""
    assert bouncy(est, driver, "digest", "old", "correct horse", "md5") == "enrolled\n"


def test_bouncy_castle_proves_possession_where_it_must(est: EstSite, driver: tuple[str, ...]) -> None:
    """On a label that requires the binding."""
    user, _, password = est.userpass.partition(":")
    assert bouncy(est, driver, "pop", user, password, "bound") == "enrolled\n"


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_the_binding_of_this_session_is_right(est: EstSite, version: str) -> None:
    """tls-unique on TLS 1.2, tls-exporter on 1.3; that of another session, or none, is refused."""
    with Session(est, version) as session:
        assert session.enroll(request(name="bound")) == 400
    with Session(est, version) as other:
        stale = bound(other.binding())
    with Session(est, version) as session:
        assert session.enroll(stale) == 400
        assert session.enroll(stale, "") == 400
        assert session.enroll(bound(session.binding())) == 200


def bound(binding: bytes) -> bytes:
    """A request with that channel binding as its challenge password (RFC 7030 3.5)."""
    return request(name="bound", attributes=((CHALLENGE, der.tlv(0x0C, b64encode(binding))),))


class Session:
    """One TLS connection by pyOpenSSL (and Python's own `ssl`, whose tls-unique must be the same)."""

    def __init__(self, est: EstSite, version: str) -> None:
        host, _, port = est.url.removeprefix("https://").partition("/")[0].partition(":")
        self._authorization = basic(*est.userpass.split(":"))
        self._version = version
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        chosen = SSL.TLS1_2_VERSION if version == "TLSv1.2" else SSL.TLS1_3_VERSION
        context.set_min_proto_version(chosen)
        context.set_max_proto_version(chosen)
        context.load_verify_locations(str(est.root))
        context.set_verify(SSL.VERIFY_PEER, lambda *given: bool(given[-1]))
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._socket.setblocking(True)
        self._connection = SSL.Connection(context, self._socket)
        self._connection.set_connect_state()
        self._connection.do_handshake()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.shutdown()
        self._socket.close()

    def binding(self) -> bytes:
        """The channel binding as the client sees it."""
        if self._version == "TLSv1.2":
            finished = self._connection.get_finished()
            assert finished is not None
            return finished
        return self._connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")

    def enroll(self, csr: bytes, label: str = "bound/") -> int:
        """The status of an enrollment."""
        body = b64encode(csr)
        head = (
            f"POST /.well-known/est/{label}simpleenroll HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {self._authorization}\r\nContent-Type: application/pkcs10\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._connection.sendall(head.encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._connection.recv(65_536)
        received, _, content = answer.partition(b"\r\n\r\n")
        length = int(received.lower().partition(b"content-length: ")[2].split()[0])
        while len(content) < length:
            content += self._connection.recv(65_536)
        return int(received.split()[1])


def test_python_knows_the_same_binding(est: EstSite) -> None:
    """`ssl.get_channel_binding` is another reader of tls-unique."""
    host, _, port = est.url.removeprefix("https://").partition("/")[0].partition(":")
    context = ssl.create_default_context(cafile=str(est.root))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    plain = socket.create_connection((host, int(port)), timeout=30)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
        binding = secure.get_channel_binding("tls-unique")
        assert binding is not None
        body = b64encode(bound(binding))
        head = (
            f"POST /.well-known/est/bound/simpleenroll HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {basic(*est.userpass.split(':'))}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        secure.sendall(head.encode() + body)
        assert secure.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_refusals_are_in_the_audit_chain(est: EstSite, daemon: Daemon) -> None:
    """With the reason, and without the password."""
    assert est.curl("simpleenroll", b64encode(request()), "-u", "est:wrong-password")[0] == 401
    events = json.dumps(daemon.done("audit", "list", "--json").json)
    assert "the user or the password is wrong" in events
    assert "wrong-password" not in events
