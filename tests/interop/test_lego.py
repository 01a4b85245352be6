"""lego: both challenges, its key types, a request of one's own, renewal, revocation."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.clients import Lego, crl_text, run, serial, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site

pytestmark = pytest.mark.interop


@pytest.fixture
def lego(site: Site, tmp_path: Path) -> Lego:
    """A lego without an account."""
    return site.lego(tmp_path)


def check(site: Site, lego: Lego, name: str) -> x509.Certificate:
    """OpenSSL verifies a certificate of lego's with the chain beside it, and is told that it is good."""
    file = lego.file(name)
    verify(site.daemon, file, lego.file(name, "issuer.crt"))
    assert status(site.daemon, file) == "good"
    return x509.load_pem_x509_certificate(file.read_bytes())


def names(certificate: x509.Certificate) -> set[str]:
    """The DNS names that it is for."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(extension.value.get_values_for_type(x509.DNSName))


def test_a_life_with_http01(site: Site, lego: Lego, tmp_path: Path) -> None:
    """Two names, P-384: issued, renewed, revoked; OCSP and the CRL say so."""
    asked = ("-d", "lego.emca.test", "-d", "www.lego.emca.test", *lego.http01, "--key-type", "ec384")
    lego(*asked, "run")
    first = check(site, lego, "lego.emca.test")
    key = first.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp384r1"
    assert names(first) == {"lego.emca.test", "www.lego.emca.test"}
    lego(*asked, "renew", "--days", "20000", "--no-random-sleep")
    assert check(site, lego, "lego.emca.test").serial_number != first.serial_number
    file = lego.file("lego.emca.test")
    lego(*asked, "revoke", "--keep", "--reason", "1")
    wait_for(lambda: status(site.daemon, file) == "revoked keyCompromise", "the answer of OCSP", 3)
    wait_for(lambda: f"Serial Number: {serial(file)}" in crl_text(site.daemon, tmp_path), "the next CRL", 10)


def test_a_wildcard_with_dns01(site: Site, lego: Lego) -> None:
    """The domain and everything beneath it over dns-01, RSA 4096."""
    lego("-d", "*.legowild.emca.test", "-d", "legowild.emca.test", *lego.dns01, "--key-type", "rsa4096", "run")
    certificate = check(site, lego, "*.legowild.emca.test")
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 4096
    assert names(certificate) == {"*.legowild.emca.test", "legowild.emca.test"}


def test_dns01_through_an_alias(site: Site, lego: Lego) -> None:
    """`_acme-challenge` may be a CNAME to where the records are kept."""
    site.zone.alias("_acme-challenge.alias.emca.test", "_acme-challenge.kept.example")
    lego("-d", "alias.emca.test", *lego.dns01, "run")
    check(site, lego, "alias.emca.test")


def test_a_request_of_ones_own(site: Site, lego: Lego, tmp_path: Path) -> None:
    """A CSR that OpenSSL made, the name in its common name and among the alternative names."""
    request = tmp_path / "request.pem"
    subject = ("-subj", "/CN=own.emca.test", "-addext", "subjectAltName=DNS:own.emca.test,DNS:two.own.emca.test")
    key = tmp_path / "own.key"
    run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, *subject, "-out", request)
    lego("--csr", request, *lego.http01, "run")
    certificate = check(site, lego, "own.emca.test")
    assert names(certificate) == {"own.emca.test", "two.own.emca.test"}
    public = run("openssl", "pkey", "-in", key, "-pubout")
    assert run("openssl", "x509", "-in", lego.file("own.emca.test"), "-noout", "-pubkey") == public


def test_must_staple(site: Site, lego: Lego) -> None:
    """The TLS feature of the request is in the certificate."""
    lego("-d", "legostaple.emca.test", *lego.http01, "run", "--must-staple")
    certificate = check(site, lego, "legostaple.emca.test")
    feature = certificate.extensions.get_extension_for_class(x509.TLSFeature).value
    assert list(feature) == [x509.TLSFeatureType.status_request]
