"""In the place of Pebble: each of these tests runs against Pebble and against `emca-daemon pebble`, unchanged."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from acme import messages
from acme.client import ClientNetwork, ClientV2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from bench.acme_orders import generator
from tests.interop.test_acme_library import deadline, request_for
from tests.support.clients import Zone, run
from tests.support.pebble import CALM, DEBIAN, OURS, Pebble

pytestmark = pytest.mark.interop

PROGRAMS = pytest.mark.parametrize("program", [DEBIAN, OURS], ids=["pebble", "emca-daemon pebble"])


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    """A DNS server in which every name beneath emca.test is this machine."""
    server = Zone(tmp_path / "zone")
    server.file.write_text(json.dumps({"*.emca.test": {"A": ["127.0.0.1"]}}))
    yield server
    server.stop()


def serial(certificate: Path) -> str:
    """As Pebble's documentation tells to find it out."""
    return run("openssl", "x509", "-in", certificate, "-noout", "-serial").strip().partition("=")[2]


def verify(pebble: Pebble, certificate: Path, chain: Path) -> None:
    """Under the root that the management interface hands out."""
    root = pebble.folder / "root.pem"
    root.write_bytes(pebble.manage("/roots/0"))
    assert run("openssl", "verify", "-CAfile", root, "-untrusted", chain, certificate).endswith(": OK\n")


@PROGRAMS
def test_certbot(program: tuple[str, ...], zone: Zone, tmp_path: Path) -> None:
    """http-01, renewal, revocation; the management interface knows the certificate."""
    with Pebble(program, tmp_path / "server", CALM, "-dnsserver", zone.address) as pebble:
        folder = tmp_path / "certbot"
        folders = ("--config-dir", folder, "--work-dir", folder / "w", "--logs-dir", folder / "l")
        common = ("-n", "--server", pebble.directory, *folders)
        answering = ("--standalone", "--http-01-port", str(pebble.http_port), "--http-01-address", "127.0.0.1")
        environment = {"REQUESTS_CA_BUNDLE": str(pebble.bundle)}
        account = ("--agree-tos", "-m", "you@example.com", "-d", "bot.emca.test", "-d", "two.emca.test")
        run("certbot", "certonly", *common, *answering, *account, environment=environment)
        live = folder / "live" / "bot.emca.test"
        first = serial(live / "cert.pem")
        verify(pebble, live / "cert.pem", live / "chain.pem")
        run("certbot", "renew", *common, "--force-renewal", "--no-random-sleep-on-renew", environment=environment)
        second = serial(live / "cert.pem")
        assert second != first
        revoked = ("--cert-path", live / "cert.pem", "--reason", "superseded", "--no-delete-after-revoke")
        run("certbot", "revoke", *common, *revoked, environment=environment)
        assert pebble.status(first)["Status"] == "Valid"
        said = pebble.status(second)
        assert (said["Status"], said["Reason"]) == ("Revoked", 4)
        assert said["Certificate"] == (live / "cert.pem").read_text()
        assert pebble.manage_status("/cert-status-by-serial/1") == 404


@PROGRAMS
def test_lego(program: tuple[str, ...], zone: Zone, tmp_path: Path) -> None:
    """http-01, tls-alpn-01 and dns-01, some nonces rejected as Pebble does by itself; revocation."""
    environment = {"PEBBLE_VA_NOSLEEP": "1"}
    with Pebble(program, tmp_path / "server", environment, "-dnsserver", zone.address) as pebble:
        folder = tmp_path / "lego"
        common = ("--server", pebble.directory, "--path", folder, "--accept-tos", "-m", "you@example.com")
        environment = {
            "LEGO_CA_CERTIFICATES": str(pebble.bundle),
            "EXEC_PATH": str(zone.hook),
            "EXEC_SEQUENCE_INTERVAL": "1",
            "EXEC_POLLING_INTERVAL": "1",
        }
        http = ("--http", "--http.port", f"127.0.0.1:{pebble.http_port}", "-d", "http.emca.test")
        tls = ("--tls", "--tls.port", f"127.0.0.1:{pebble.tls_port}", "-d", "tls.emca.test")
        dns = ("--dns", "exec", "--dns.resolvers", zone.address, "--dns.disable-cp", "-d", "*.dns.emca.test")
        for name, challenge in (("http", http), ("tls", tls), ("_.dns", dns)):
            run("lego", *common, *challenge, "run", environment=environment)
            certificate = folder / "certificates" / f"{name}.emca.test.crt"
            verify(pebble, certificate, certificate)
            assert pebble.status(serial(certificate))["Status"] == "Valid"
        run("lego", *common, "-d", "http.emca.test", "revoke", "--keep", environment=environment)
        assert pebble.status(serial(folder / "certificates" / "http.emca.test.crt"))["Status"] == "Revoked"


@PROGRAMS
def test_acme_library(program: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing is looked at where that is asked for; the other chain ends at the other root."""
    environment = {**CALM, "PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_ALTERNATE_ROOTS": "1"}
    with Pebble(program, tmp_path / "server", environment) as pebble:
        key = JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
        bundle: bool = str(pebble.bundle)  # type: ignore[assignment]
        network = ClientNetwork(key, alg=ES256, verify_ssl=bundle)
        client = ClientV2(ClientV2.get_directory(pebble.directory, network), network)
        client.new_account(messages.NewRegistration.from_data(email="you@example.com", terms_of_service_agreed=True))
        order = client.new_order(request_for("*.nowhere.example", "nowhere.example"))
        for authorization in order.authorizations:
            chosen = next(one for one in authorization.body.challenges if one.typ == "dns-01")
            client.answer_challenge(chosen, chosen.response(key))
        ready = client.poll_authorizations(order, deadline())
        done = client.finalize_order(ready, deadline(), fetch_alternative_chains=True)
        found = [done.fullchain_pem, *done.alternative_fullchains_pem]
        assert len(found) == 2
        for number, chain in enumerate(found):
            leaf, issuer = x509.load_pem_x509_certificates(chain.encode())
            leaf.verify_directly_issued_by(issuer)
            issuer.verify_directly_issued_by(x509.load_pem_x509_certificate(pebble.manage(f"/roots/{number}")))
        client.revoke(leaf, 1)
        assert pebble.status(f"{leaf.serial_number:x}")["Reason"] == 1


@PROGRAMS
def test_external_accounts(program: tuple[str, ...], zone: Zone, tmp_path: Path) -> None:
    """With `externalAccountMACKeys` an account needs a key of the file."""
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    changes = {"externalAccountBindingRequired": True, "externalAccountMACKeys": {"kid-1": secret}}
    with Pebble(program, tmp_path / "server", CALM, "-dnsserver", zone.address, **changes) as pebble:
        common = ("--server", pebble.directory, "--path", tmp_path / "lego", "--accept-tos", "-m", "you@example.com")
        http = ("--http", "--http.port", f"127.0.0.1:{pebble.http_port}", "-d", "eab.emca.test", "run")
        environment = {"LEGO_CA_CERTIFICATES": str(pebble.bundle)}
        with pytest.raises(AssertionError, match="requires External Account Binding"):
            run("lego", *common, *http, environment=environment)
        run("lego", *common, "--eab", "--kid", "kid-1", "--hmac", secret, *http, environment=environment)
        assert (tmp_path / "lego" / "certificates" / "eab.emca.test.crt").exists()


@PROGRAMS
def test_chains_and_keys(program: tuple[str, ...], tmp_path: Path) -> None:
    """With alternate roots each has its number, and so have the intermediates and every key."""
    environment = {**CALM, "PEBBLE_ALTERNATE_ROOTS": "1", "PEBBLE_CHAIN_LENGTH": "2"}
    with Pebble(program, tmp_path / "server", environment) as pebble:
        for number in ("0", "1"):
            for kind in ("root", "intermediate"):
                certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
                certificate.write_bytes(pebble.manage(f"/{kind}s/{number}"))
                key.write_bytes(pebble.manage(f"/{kind}-keys/{number}"))
                public = run("openssl", "x509", "-in", certificate, "-noout", "-pubkey")
                assert run("openssl", "pkey", "-in", key, "-pubout") == public
        assert pebble.manage_status("/roots/2") == 404


def test_profiles_and_renewal_information(zone: Zone, tmp_path: Path) -> None:
    """What newer Pebbles have: certbot asks for a profile, and renews when it is told to through the management."""
    profiles = {"default": {"validityPeriod": 7776000}, "short": {"description": "Days", "validityPeriod": 518400}}
    with Pebble(OURS, tmp_path / "server", CALM, "-dnsserver", zone.address, profiles=profiles) as pebble:
        folder = tmp_path / "certbot"
        folders = ("--config-dir", folder, "--work-dir", folder / "w", "--logs-dir", folder / "l")
        common = ("-n", "--server", pebble.directory, *folders)
        answering = ("--standalone", "--http-01-port", str(pebble.http_port), "--http-01-address", "127.0.0.1")
        account = ("--agree-tos", "-m", "you@example.com", "-d", "short.emca.test", "--required-profile", "short")
        environment = {"REQUESTS_CA_BUNDLE": str(pebble.bundle)}
        run("certbot", "certonly", *common, *answering, *account, environment=environment)
        certificate = folder / "live" / "short.emca.test" / "cert.pem"
        parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
        assert parsed.not_valid_after_utc - parsed.not_valid_before_utc <= timedelta(days=6)
        window = {"suggestedWindow": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}}
        told = {"Certificate": certificate.read_text(), "ARIResponse": json.dumps(window)}
        assert pebble.manage_status("/set-renewal-info/", json.dumps(told).encode()) == 200
        run("certbot", "renew", *common, "--no-random-sleep-on-renew", environment=environment)
        assert serial(certificate) != f"{parsed.serial_number:X}"


@pytest.mark.slow
def test_many_orders_at_once(tmp_path: Path) -> None:
    """256 clients order at the same time: every one is answered, every order ends in a certificate."""
    environment = {**CALM, "PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_AUTHZREUSE": "0"}
    with (
        Pebble(OURS, tmp_path / "server", environment) as pebble,
        generator(pebble.directory, pebble.bundle, 256, 512, 0) as load,
    ):
        assert load.ready(), pebble.log
        report = load.run()
        assert report["failures"] == {}
        assert report["orders"] == 512
