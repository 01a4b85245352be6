"""Pebble, Let's Encrypt's test server, as Debian packages it: the peer of an ACME order."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emca_daemon.clock import system_clock
from tests.support.daemon import free_port

ENVIRONMENT = {
    "PEBBLE_VA_ALWAYS_VALID": "1",
    "PEBBLE_VA_NOSLEEP": "1",
    "PEBBLE_WFE_NONCEREJECT": "0",
    "PEBBLE_AUTHZREUSE": "0",
}
"""It validates nothing, waits for nothing, rejects no good nonce and never uses an authorization twice."""


def find_pebble() -> str | None:
    """Where it is."""
    return shutil.which("pebble")


@contextmanager
def serving_pebble(program: str) -> Iterator[tuple[int, str, Path]]:
    """A fresh one while the block runs: its process, the address of its directory, the CA that it is trusted by."""
    with TemporaryDirectory(prefix="emca-bench-") as name:
        folder, port = Path(name), free_port()
        certificate, key = own_certificate(folder)
        settings = {
            "listenAddress": f"127.0.0.1:{port}",
            "managementListenAddress": f"127.0.0.1:{free_port()}",
            "certificate": str(certificate),
            "privateKey": str(key),
            "httpPort": free_port(),
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        process = subprocess.Popen(
            [program, "-config", str(folder / "pebble.json")],
            env={**os.environ, **ENVIRONMENT},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(1)
            yield process.pid, f"https://127.0.0.1:{port}/dir", certificate
        finally:
            process.kill()
            process.wait()


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """Its TLS certificate, self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pebble")])
    now = system_clock().astimezone(UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(addresses, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    files = folder / "pebble.pem", folder / "pebble.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
