"""Enrollments over EST: kept TLS connections, by client certificate and by password, beside the bare cryptography."""

import http.client
import ssl
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

from bench.measuring import cpu_seconds, resident_megabytes
from bench.site import Site, serving
from bench.tables import Table

ENROLLMENTS, WARM_UP = 600, 40
PASSWORD = "correct horse battery"
NAME = x509.Name.from_rfc4514_string("CN=device-1")
_DAY, _NEXT_DAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def measure() -> Table:
    """One client after the other, each on one connection."""
    columns = ("by", "enrollments per CPU second", "CPU µs", "ratio to bare cryptography", "enrollments/s")
    table = Table("EST", columns)
    bare = bare_enrollment()
    with serving() as site:
        client = Client(site)
        for name, operation, shown in (
            ("client certificate (simplereenroll)", "simplereenroll", True),
            ("password (simpleenroll, Basic)", "simpleenroll", False),
        ):
            client.enroll(operation, WARM_UP, certificate=shown)
            before = cpu_seconds(site.pid)
            seconds = client.enroll(operation, ENROLLMENTS, certificate=shown)
            cpu = (cpu_seconds(site.pid) - before) / ENROLLMENTS
            table.add(name, 1 / cpu, 1e6 * cpu, cpu / bare, ENROLLMENTS / seconds)
        table.notes.append(f"The daemon had at most {resident_megabytes(site.pid):.0f} MB resident.")
    table.notes += [
        (
            f"Bare, {1e6 * bare:.0f} µs: verify a P-256 request, build and sign the certificate (P-256), verify it. "
            "The daemon's CPU holds TLS, HTTP, policy, lint, two durable commits (SQLite, WAL, FULL) and audit."
        ),
        "One client at a time: enrollments/s is bounded by the disk and by the client.",
    ]
    return table


class Client:
    """A device of the demonstration with a key, a password and a certificate."""

    def __init__(self, site: Site) -> None:
        """Made known to the daemon, and enrolled once."""
        self._folder = site.daemon.home
        password = self._folder / "bench.password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD)
        site.daemon.done("user", "create", "bench", "--password-file", password)
        self._url = urlsplit(site.daemon.endpoints["est.url"])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._files = self._write(self._first())

    def enroll(self, operation: str, count: int, *, certificate: bool) -> float:
        """So many enrollments over one connection; the seconds that they took."""
        connection = self._connection(certificate=certificate)
        headers = {} if certificate else _basic()
        bodies = [self._body() for _ in range(count)]
        begun = time.perf_counter()
        for body in bodies:
            self._post(connection, operation, body, headers)
        seconds = time.perf_counter() - begun
        connection.close()
        return seconds

    def _first(self) -> x509.Certificate:
        connection = self._connection(certificate=False)
        answer = self._post(connection, "simpleenroll", self._body(), _basic())
        connection.close()
        return load_der_pkcs7_certificates(b64decode(answer))[0]

    def _connection(self, *, certificate: bool) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self._folder / "root.pem"))
        if certificate:
            context.load_cert_chain(*map(str, self._files))
        assert self._url.hostname is not None
        return http.client.HTTPSConnection(self._url.hostname, self._url.port, context=context, timeout=30)

    def _post(
        self, connection: http.client.HTTPSConnection, operation: str, body: bytes, headers: dict[str, str]
    ) -> bytes:
        connection.request("POST", f"{self._url.path}/{operation}", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"EST answered {answer.status}: {content.decode()}")
        return content

    def _body(self) -> bytes:
        return b64encode(make_request(self._key))

    def _write(self, certificate: x509.Certificate) -> tuple[Path, Path]:
        files = self._folder / "device.pem", self._folder / "device.key"
        files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        files[1].write_bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files


def make_request(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certification request of the device."""
    return x509.CertificateSigningRequestBuilder(NAME).sign(key, SHA256()).public_bytes(Encoding.DER)


def bare_enrollment(count: int = 500) -> float:
    """CPU seconds of an enrollment's own cryptography: verify, build and sign, verify."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = make_request(ec.generate_private_key(ec.SECP256R1()))
    builder = x509.CertificateBuilder(NAME, NAME)
    begun = time.process_time()
    for number in range(1, count + 1):
        csr = x509.load_der_x509_csr(request)
        assert csr.is_signature_valid
        public_key = csr.public_key()
        assert isinstance(public_key, ec.EllipticCurvePublicKey)
        named = builder.public_key(public_key).serial_number(number)
        certificate = named.not_valid_before(_DAY).not_valid_after(_NEXT_DAY).sign(key, SHA256())
        key.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(SHA256()))
    return (time.process_time() - begun) / count


def _basic() -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"bench:{PASSWORD}".encode()).decode()}
