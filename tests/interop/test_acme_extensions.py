"""Beyond names over http-01: addresses, tls-alpn-01, renewal information, with certbot and lego."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509

from emca_daemon.clock import system_clock
from tests.support.acme_client import renewal_name
from tests.support.clients import verify
from tests.support.site import Site

pytestmark = pytest.mark.interop


def read(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_certbot_asks_for_an_address(site: Site, tmp_path: Path) -> None:
    """The address is an iPAddress and in no subject (RFC 8738)."""
    certbot = site.certbot(tmp_path)
    certbot.get(*certbot.http01, "--ip-address", "127.0.0.1", "--cert-name", "address")
    certificate = read(certbot.live("address"))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]
    assert "127.0.0.1" not in certificate.subject.rfc4514_string()


def test_lego_proves_by_tls_alpn01(site: Site, tmp_path: Path) -> None:
    """On the port where the daemon looks for it."""
    lego = site.lego(tmp_path)
    lego("-d", "alpn.emca.test", "--tls", "--tls.port", f"127.0.0.1:{site.alpn_port}", "run")
    verify(site.daemon, lego.file("alpn.emca.test"), lego.file("alpn.emca.test", "issuer.crt"))


def test_certbot_is_told_when_to_renew(site: Site, tmp_path: Path) -> None:
    """By a plan at once, though the certificate is new; the order says what it replaces (RFC 9773)."""
    certbot = site.certbot(tmp_path)
    certbot.get(*certbot.http01, "-d", "ari.emca.test")
    first = read(certbot.live("ari.emca.test"))
    url = site.daemon.directory.replace("/directory", "/renewal-info/") + renewal_name(first)
    window = requests.get(url, verify=str(site.daemon.ca_bundle), timeout=10).json()["suggestedWindow"]
    assert first.not_valid_before_utc.isoformat() < window["start"] < window["end"]
    soon = (system_clock() + timedelta(seconds=10)).isoformat()
    words = ("--reason", "a test", "--from", "2020-01-01", "--by", soon)
    plan = site.daemon.done("renewals", "plan", "--issuer", "demo-issuing", *words, "--json").json
    try:
        certbot("renew", "--no-random-sleep-on-renew")
    finally:
        site.daemon.done("renewals", "cancel", plan["id"])
    assert read(certbot.live("ari.emca.test")).serial_number != first.serial_number
