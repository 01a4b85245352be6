"""certbot, from its first certificate to the end of its account."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.clients import Certbot, crl_text, serial, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site

pytestmark = pytest.mark.interop


def read(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def names(certificate: x509.Certificate) -> list[str]:
    """The DNS names that it is for."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def check(site: Site, certbot: Certbot, name: str) -> Path:
    """OpenSSL verifies a lineage and is told that it is good; its certificate."""
    certificate = certbot.live(name)
    verify(site.daemon, certificate, certbot.live(name, "chain.pem"))
    assert status(site.daemon, certificate) == "good"
    return certificate


@pytest.fixture
def certbot(site: Site, tmp_path: Path) -> Certbot:
    """A certbot without an account."""
    return site.certbot(tmp_path)


def test_a_life_with_http01(site: Site, certbot: Certbot, tmp_path: Path) -> None:
    """ECDSA over http-01: issued, good, renewed, revoked by the account; OCSP and the CRL say so."""
    certbot.get(*certbot.http01, "-d", "life.emca.test")
    first = read(check(site, certbot, "life.emca.test"))
    assert isinstance(first.public_key(), ec.EllipticCurvePublicKey)
    assert names(first) == ["life.emca.test"]
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    renewed = check(site, certbot, "life.emca.test")
    assert read(renewed).serial_number != first.serial_number
    number = serial(renewed)
    assert number not in crl_text(site.daemon, tmp_path)
    certbot("revoke", "--cert-path", renewed, "--reason", "superseded", "--no-delete-after-revoke")
    wait_for(lambda: status(site.daemon, renewed) == "revoked superseded", "the answer of OCSP", 3)
    wait_for(lambda: f"Serial Number: {number}" in crl_text(site.daemon, tmp_path), "the next CRL", 10)
    shown = site.daemon.done("cert", "show", number, "--json").json
    assert (shown["status"], shown["reason"], shown["protocol"]) == ("revoked", "superseded", "acme")


def test_rsa_and_several_names(site: Site, certbot: Certbot) -> None:
    """RSA 4096 for three names, then another one added to the lineage."""
    rsa_key = ("--key-type", "rsa", "--rsa-key-size", "4096")
    asked = ["-d", "a.emca.test", "-d", "b.emca.test", "-d", "c.emca.test"]
    certbot.get(*certbot.http01, *rsa_key, "--cert-name", "several", *asked)
    certificate = read(check(site, certbot, "several"))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 4096
    certbot.get(*certbot.http01, *rsa_key, "--cert-name", "several", "--expand", *asked, "-d", "d.emca.test")
    assert sorted(names(read(check(site, certbot, "several")))) == [f"{letter}.emca.test" for letter in "abcd"]


def test_a_wildcard_with_dns01(site: Site, certbot: Certbot) -> None:
    """Two TXT records under one name: the domain and everything beneath it, P-384; renewed the same way."""
    asked = ("-d", "wild.emca.test", "-d", "*.wild.emca.test")
    certbot.get(*certbot.dns01, "--elliptic-curve", "secp384r1", *asked)
    certificate = read(check(site, certbot, "wild.emca.test"))
    assert sorted(names(certificate)) == ["*.wild.emca.test", "wild.emca.test"]
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    assert read(check(site, certbot, "wild.emca.test")).serial_number != certificate.serial_number


def test_revocation_by_the_certificates_key(site: Site, certbot: Certbot, tmp_path: Path) -> None:
    """Whoever holds the private key may revoke, without the account: another certbot does."""
    certbot.get(*certbot.http01, "-d", "bykey.emca.test")
    certificate = check(site, certbot, "bykey.emca.test")
    other = site.certbot(tmp_path / "other")
    key = certbot.live("bykey.emca.test", "privkey.pem")
    asked = ("--cert-path", certificate, "--key-path", key, "--no-delete-after-revoke")
    other("revoke", *asked, "--reason", "keycompromise")
    wait_for(lambda: status(site.daemon, certificate) == "revoked keyCompromise", "the answer of OCSP", 3)
    code, printed = other.attempt("revoke", *asked)
    assert code != 0
    assert "it was revoked at" in printed


def test_must_staple_and_a_reused_key(site: Site, certbot: Certbot) -> None:
    """The TLS feature of the request is in the certificate; a renewal may keep its key."""
    certbot.get(*certbot.http01, "--must-staple", "--reuse-key", "-d", "staple.emca.test")
    first = read(check(site, certbot, "staple.emca.test"))
    feature = first.extensions.get_extension_for_class(x509.TLSFeature).value
    assert list(feature) == [x509.TLSFeatureType.status_request]
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    renewed = read(check(site, certbot, "staple.emca.test"))
    assert renewed.serial_number != first.serial_number
    assert renewed.public_key() == first.public_key()


def test_an_account_from_beginning_to_end(site: Site, certbot: Certbot) -> None:
    """Registered, changed, shown, closed; afterwards it is gone for the daemon too."""
    certbot("register", "--agree-tos", "-m", "you@example.com")
    certbot("update_account", "-m", "one@example.com,two@example.com")
    shown = certbot("show_account")
    assert "one@example.com" in shown
    assert "two@example.com" in shown
    assert f"https://localhost:{site.daemon.tls_port}/acme/" in shown
    certbot("unregister")
    code, _ = certbot.attempt("show_account")
    assert code != 0


def test_a_challenge_that_fails_is_told(site: Site, certbot: Certbot) -> None:
    """Nobody answers for the name's TXT record: certbot says why, and nothing is issued."""
    code, printed = certbot.attempt(
        "certonly",
        *("--agree-tos", "-m", "you@example.com", "--manual", "--preferred-challenges", "dns"),
        *("--manual-auth-hook", "/bin/true", "-d", "nobody.emca.test"),
    )
    assert code != 0
    assert "Some challenges have failed" in printed
    assert "_acme-challenge.nobody.emca.test" in printed
    assert site.daemon.done("cert", "search", "nobody.emca.test", "--json").json == []
