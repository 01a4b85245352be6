"""Perspectives under test: certificates of their own, settings files, and answers that are not the client's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.clock import system_clock


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody issued, and its key: both as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = system_clock()
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_file.touch(0o600)
    key_file.write_bytes(encoded)
    return file, key_file


def perspective_settings(
    folder: Path, name: str, port: int, http_port: int, primary: Path, resolver: str = "127.0.0.1"
) -> Path:
    """The settings file of a perspective that finds `*.emca.test` on the loopback interface, at that port.

    `resolver` is asked for records.
    """
    certificate, key = self_signed(folder, name)
    file = folder / f"{name}.toml"
    file.write_text(
        f"""port = {port}
certificate = "{certificate}"
key = "{key}"
primaries = ["{primary}"]
http_port = {http_port}

[network]
resolvers = ["{resolver}"]
hosts = {{ "*.emca.test" = "127.0.0.1" }}
allow_networks = ["127.0.0.0/8"]
timeout = "5s"
"""
    )
    return file


class _Fixed(BaseHTTPRequestHandler):
    """Answers every request with the same."""

    timeout = 5
    body = b""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""


@contextmanager
def web_server(body: bytes) -> Iterator[tuple[int, type[BaseHTTPRequestHandler]]]:
    """A web server on a free port of the loopback interface; its class's `body` may be changed."""
    kind = type("Fixed", (_Fixed,), {"body": body})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
