"""OpenSSL reads what is written here: OCSP responses and CRLs, from files."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from emca_daemon.clock import system_clock
from tests.support.downloads_world import CERTIFICATE, ROOT_CERTIFICATE, make_crl
from tests.support.ocsp_world import GOOD_SERIAL, HELD_SERIAL, REVOKED_SERIAL, UNKNOWN_SERIAL, OcspWorld

pytestmark = pytest.mark.interop


def openssl(*arguments: str | Path) -> str:
    """What OpenSSL prints, both streams; it must succeed."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def write(path: Path, *certificates: x509.Certificate) -> Path:
    """Certificates in a PEM file."""
    path.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))
    return path


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_openssl_verifies_answers(tmp_path: Path, algorithm: str) -> None:
    """A request by OpenSSL about four certificates, with its nonce: status, signature and nonce are right."""
    world = OcspWorld(now=system_clock())
    authority = write(tmp_path / "ca.pem", world.issuer)
    serials = (GOOD_SERIAL, REVOKED_SERIAL, HELD_SERIAL, UNKNOWN_SERIAL)
    asked = [part for serial in serials for part in ("-serial", str(serial))]
    request, response = tmp_path / "request.der", tmp_path / "response.der"
    openssl("ocsp", f"-{algorithm}", "-issuer", authority, *asked, "-reqout", request)
    response.write_bytes(world.answering.answer(request.read_bytes()).body)
    files = ("-respin", response, "-CAfile", authority)
    # With -reqin nonces are compared, with -serial the statuses are printed; -no_nonce keeps it from making another.
    compared = openssl("ocsp", "-issuer", authority, "-reqin", request, "-no_nonce", *files)
    assert "Response verify OK" in compared
    assert "nonce" not in compared.lower()
    said = openssl("ocsp", f"-{algorithm}", "-issuer", authority, *asked, "-no_nonce", *files)
    assert "Response verify OK" in said
    assert [line.split(": ")[1] for line in said.splitlines() if line.startswith(tuple(map(str, serials)))] == [
        "good",
        "revoked",
        "revoked",
        "unknown",
    ]
    assert "Reason: keyCompromise" in said
    assert "Reason: certificateHold" in said
    assert "invalid" not in said


def test_openssl_verifies_answers_by_the_issuer_itself(tmp_path: Path) -> None:
    """Without a delegated signer the issuer's certificate is enough."""
    world = OcspWorld(now=system_clock())
    authority = write(tmp_path / "ca.pem", world.other)
    builder = ocsp.OCSPRequestBuilder().add_certificate(world.other, world.other, hashes.SHA256())
    response = tmp_path / "response.der"
    response.write_bytes(world.answering.answer(builder.build().public_bytes(Encoding.DER)).body)
    asked = ("-issuer", authority, "-serial", str(world.other.serial_number))
    said = openssl("ocsp", "-sha256", *asked, "-respin", response, "-CAfile", authority)
    assert "Response verify OK" in said


def test_openssl_verifies_crls(tmp_path: Path) -> None:
    """Signature, number and the one entry."""
    crl = tmp_path / "demo.crl"
    crl.write_bytes(make_crl(7).der)
    authority = write(tmp_path / "ca.pem", CERTIFICATE, ROOT_CERTIFICATE)
    said = openssl("crl", "-in", crl, "-inform", "DER", "-noout", "-text", "-CAfile", authority)
    assert "verify OK" in said
    assert "Serial Number: 1267" in said
    assert "Key Compromise" in said
