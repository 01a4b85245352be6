"""OCSP as OpenSSL and curl ask for it: by POST and GET, with and without nonce, by several hashes."""

import base64
import re
import urllib.parse
from pathlib import Path

import pytest

from tests.support.clients import crl_text, ocsp, run, serial, status
from tests.support.daemon import wait_for
from tests.support.site import Site

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def certificate(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that is good."""
    lego = site.lego(tmp_path_factory.mktemp("ocsp"))
    lego("-d", "ocsp.emca.test", *lego.http01, "run")
    return lego.file("ocsp.emca.test")


@pytest.mark.parametrize("nonce", [True, False])
@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha384", "sha512"])
def test_good_by_post(site: Site, certificate: Path, hash_name: str, nonce: bool) -> None:
    """Whatever hash the CertID is made with, the answer is for it, with its nonce if there is one."""
    said = ocsp(site.daemon, "-cert", certificate, hash_name=hash_name, nonce=nonce)
    assert f"{certificate}: good" in said


def test_unknown(site: Site) -> None:
    """A serial never issued is unknown."""
    assert "0xabcdef: unknown" in ocsp(site.daemon, "-serial", "0xabcdef")


def test_several_at_once(site: Site, certificate: Path) -> None:
    """One request, three serials, three answers."""
    asked = ("-serial", "0x77", "-cert", certificate, "-serial", "0x78")
    said = ocsp(site.daemon, *asked)
    assert re.findall(r": (good|unknown)$", said, re.MULTILINE) == ["unknown", "good", "unknown"]


@pytest.mark.parametrize("safe", ["", "/"], ids=["everything encoded", "slashes left alone"])
@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_good_by_get(site: Site, certificate: Path, tmp_path: Path, hash_name: str, safe: str) -> None:
    """A GET by curl with the request in base64, percent-encoded; the answer verifies and may be cached."""
    issuer = site.daemon.home / "issuer.pem"
    request, answer, headers = (tmp_path / name for name in ("request.der", "answer.der", "headers"))
    asked = ("-issuer", issuer, "-cert", certificate)
    run("openssl", "ocsp", f"-{hash_name}", *asked, "-no_nonce", "-reqout", request)
    encoded = urllib.parse.quote(base64.b64encode(request.read_bytes()).decode(), safe=safe)
    run("curl", "-sSf", "-D", headers, "-o", answer, f"{site.daemon.endpoints['ocsp.url']}/{encoded}")
    said = run(
        *("openssl", "ocsp", f"-{hash_name}", *asked, "-no_nonce"),
        *("-respin", answer, "-CAfile", site.daemon.ca_bundle),
    )
    assert "Response verify OK" in said
    assert f"{certificate}: good" in said
    fields = headers.read_text().lower()
    assert "content-type: application/ocsp-response" in fields
    assert "max-age=" in fields
    assert "etag:" in fields


def test_hold_and_release(site: Site, tmp_path: Path) -> None:
    """On hold: revoked with certificateHold, and in the CRL; released: good, and out of the next CRL."""
    lego = site.lego(tmp_path)
    lego("-d", "hold.emca.test", *lego.http01, "run")
    file = lego.file("hold.emca.test")
    number = serial(file)
    site.daemon.done("cert", "hold", number)
    wait_for(lambda: status(site.daemon, file) == "revoked certificateHold", "the answer of OCSP", 3)
    wait_for(lambda: f"Serial Number: {number}" in crl_text(site.daemon, tmp_path), "the next CRL", 10)
    assert "Certificate Hold" in crl_text(site.daemon, tmp_path)
    site.daemon.done("cert", "release", file)
    wait_for(lambda: status(site.daemon, file) == "good", "the answer of OCSP", 3)
    wait_for(lambda: f"Serial Number: {number}" not in crl_text(site.daemon, tmp_path), "the next CRL", 10)


def test_where_the_certificate_says(site: Site, certificate: Path, tmp_path: Path) -> None:
    """OCSP, CRL and issuer are at the addresses that stand in the certificate."""
    text = run("openssl", "x509", "-in", certificate, "-noout", "-text")
    address = run("openssl", "x509", "-in", certificate, "-noout", "-ocsp_uri").strip()
    assert address == site.daemon.endpoints["ocsp.url"]
    assert f"URI:{site.daemon.endpoints['crl.url']}" in text
    found = re.search(r"CA Issuers - URI:(\S+)", text)
    assert found
    issuer = tmp_path / "issuer.cer"
    run("curl", "-sSf", "-o", issuer, found[1])
    fetched = run("openssl", "x509", "-inform", "DER", "-in", issuer)
    assert fetched.strip() == (site.daemon.home / "issuer.pem").read_text().strip()
    partial = ("-partial_chain", "-crl_check", "-CRLfile", tmp_path / "fetched.pem")
    crl_text(site.daemon, tmp_path)
    run("openssl", "crl", "-inform", "DER", "-in", tmp_path / "fetched.crl", "-out", tmp_path / "fetched.pem")
    run("openssl", "verify", *partial, "-CAfile", site.daemon.home / "issuer.pem", certificate)
