"""Enrollments over SCEP: RSA-2048 clients by POST, beside the bare cryptography and Debian's scepserver."""

import http.client
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bench.measuring import cpu_seconds, resident_megabytes
from bench.scepserver import answers, find_scepserver, serving_scepserver
from bench.site import Site
from bench.tables import Table
from emca_daemon.asn1 import ber, cms_enveloping, cms_signed, cms_signing, der
from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.cli.ca import parse_subject
from emca_daemon.cli.command import operator
from emca_daemon.cli.demo import ROOT
from emca_daemon.clock import system_clock
from emca_daemon.composition.core import open_core
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.protocols.scep import messages
from emca_daemon.randomness import system_random
from emca_daemon.settings.checking import load_settings
from tests.support.daemon import wait_for

ROUNDS, A_ROUND, WARM_UP = 4, 100, 20
DEVICES = 40
RSA_ISSUER = IssuerName("bench-rsa")
ENDPOINT = """
[scep.rsa]
profile = "device"
issuer = "bench-rsa"

[scep.rsa.challenge]
policy = "static"
secret_file = "{home}/scep.challenge"
"""
_DAY, _NEXT_DAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
_CHALLENGE = x509.ObjectIdentifier("1.2.840.113549.1.9.7")


def measure() -> Table:
    """The servers take turns; one client, one message after the other on a kept connection."""
    columns = ("server", "CA key", "enrollments per CPU second", "CPU ms", "ratio to bare cryptography", "median ms")
    table = Table("SCEP", columns)
    bare = {"rsa-2048": bare_enrollment(rsa.generate_private_key(65537, 2048))}
    bare["p-256"] = bare_enrollment(ec.generate_private_key(ec.SECP256R1()))
    program = find_scepserver()
    with serving_both() as site:
        challenge = (site.daemon.home / "scep.challenge").read_text().strip()
        default = site.daemon.endpoints["scep.url"]
        clients = [
            Client("emca-daemon", "rsa-2048", site.pid, f"{default}/rsa", challenge),
            Client("emca-daemon", "p-256", site.pid, default, challenge),
        ]
        if program is None:
            _take_turns(clients)
            table.notes.append("scepserver (Debian's package `scep`) is not installed here.")
        else:
            with serving_scepserver(program, challenge) as (pid, url):
                clients.insert(1, Client("scepserver", "rsa-2048", pid, url, challenge))
                _take_turns(clients)
        table.notes.append(f"emca-daemon had at most {resident_megabytes(site.pid):.0f} MB resident.")
    for client in clients:
        cpu = client.cpu / (ROUNDS * A_ROUND)
        ratio, wall = cpu / bare[client.ca], sorted(client.seconds)[len(client.seconds) // 2]
        table.add(client.server, client.ca, 1 / cpu, 1e3 * cpu, ratio, 1e3 * wall)
    table.notes += [
        (
            f"Bare, {1e3 * bare['rsa-2048']:.2f} ms with an RSA-2048 CA and {1e3 * bare['p-256']:.2f} ms with P-256: "
            "verify the message and the request, unwrap a key, sign and verify the certificate, wrap a key, sign the "
            "reply; client and RA have RSA-2048 keys."
        ),
        (
            "emca-daemon's CPU holds policy, lint, two durable commits (SQLite, WAL, FULL) and audit; scepserver "
            "writes a file and a line of its index, syncs nothing and checks no policy but the challenge."
        ),
        (
            f"Both: HTTP, SHA-256, AES-128-CBC, static challenge, {DEVICES} devices in turn, each time another "
            "transaction; messages made beforehand."
        ),
    ]
    return table


def _take_turns(clients: "list[Client]") -> None:
    for client in clients:
        client.enroll(WARM_UP, counted=False)
    for _ in range(ROUNDS):
        for client in clients:
            client.enroll(A_ROUND)


@contextmanager
def serving_both() -> Iterator[Site]:
    """The demonstration with one more issuer, whose key is an RSA key, and an endpoint for it."""
    with TemporaryDirectory(prefix="emca-bench-") as folder:
        site = Site(Path(folder))
        with site.daemon.config.open("a") as settings:
            settings.write(ENDPOINT.format(home=site.daemon.home))
        core = open_core(load_settings(site.daemon.config, files=False))
        issuer = NewAuthority(
            name=RSA_ISSUER,
            profile=ProfileName("issuing-ca"),
            subject=parse_subject("CN=RSA CA,O=Bench"),
            key=KeyName(f"{next(iter(core.settings.software))}:{RSA_ISSUER}"),
            algorithm="rsa-2048",
        )
        try:
            core.hierarchy.create_sub(issuer, ROOT, operator())
        finally:
            core.store.close()
        with site.daemon:
            site.daemon.serve()
            for path in ("", "/rsa"):
                wait_for(lambda url=site.daemon.endpoints["scep.url"] + path: answers(url), "the RA")  # type: ignore[misc]
            yield site
            site.daemon.stop()


class Client:
    """Devices with RSA-2048 keys, and what their enrollments have cost the server so far."""

    def __init__(self, server: str, ca: str, pid: int, url: str, challenge: str) -> None:
        """It asks whom to encrypt to."""
        self.server, self.ca, self.pid = server, ca, pid
        self.cpu, self.seconds = 0.0, list[float]()
        self._url, self._challenge = urlsplit(url), challenge.encode()
        self._devices = _devices()
        self._recipient = _recipient(url)
        self._made = 0

    def enroll(self, count: int, *, counted: bool = True) -> None:
        """So many enrollments over one connection."""
        assert self._url.hostname is not None
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=30)
        bodies = [self._message() for _ in range(count)]
        before = cpu_seconds(self.pid)
        for body in bodies:
            begun = time.perf_counter()
            connection.request("POST", f"{self._url.path}?operation=PKIOperation", body)
            answer = connection.getresponse()
            reply = answer.read()
            if counted:
                self.seconds.append(time.perf_counter() - begun)
            _check(answer.status, reply)
        if counted:
            self.cpu += cpu_seconds(self.pid) - before
        connection.close()

    def _message(self) -> bytes:
        self._made += 1
        certificate, key = self._devices[self._made % DEVICES]
        builder = x509.CertificateSigningRequestBuilder(certificate.subject).add_attribute(_CHALLENGE, self._challenge)
        request = builder.sign(key, SHA256()).public_bytes(Encoding.DER)
        to = cms_enveloping.ToCertificate(self._recipient)
        return cms_signing.sign_data(
            cms_enveloping.envelop(request, [to], "aes-128-cbc", system_random),
            cms_signing.SigningIdentity(certificate, key),
            attributes={
                messages.MESSAGE_TYPE: der.tlv(0x13, messages.MessageType.PKCS_REQ.value.encode()),
                messages.TRANSACTION_ID: der.tlv(0x13, b"%032X" % self._made),
                messages.SENDER_NONCE: der.octet_string(system_random(16)),
            },
            certificates=[certificate.public_bytes(Encoding.DER)],
        )


def _check(status: int, reply: bytes) -> None:
    """Raise RuntimeError unless it is a CertRep that says SUCCESS."""
    signer = cms_signed.read_signed_data(reply).signers[0] if status == 200 else None
    said = signer.attribute(messages.PKI_STATUS) if signer else None
    if said is None or ber.element(said).content != b"0":
        why = signer.attribute(messages.FAIL_INFO_TEXT) if signer else reply[:200]
        raise RuntimeError(f"SCEP answered {status}: {why!r}")


def _recipient(url: str) -> x509.Certificate:
    """The RA's certificate, or the CA's where there is none: the first that is not of another key than RSA."""
    with urllib.request.urlopen(f"{url}?operation=GetCACert", timeout=30) as response:
        body, bundled = response.read(), "ra" in response.headers["content-type"]
    encoded = cms_signed.read_signed_data(body).certificates if bundled else (body,)
    certificates = [x509.load_der_x509_certificate(one) for one in encoded]
    return next(one for one in certificates if not bundled or not _is_ca(one))


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


@cache
def _devices() -> list[tuple[x509.Certificate, rsa.RSAPrivateKey]]:
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(DEVICES)]
    return [(_self_signed(key, f"device-{number}"), key) for number, key in enumerate(keys)]


def _self_signed(key: rsa.RSAPrivateKey, common_name: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = system_clock()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    return (
        builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1)).sign(key, SHA256())
    )


def bare_enrollment(ca_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, count: int = 200) -> float:
    """CPU seconds of an enrollment's own cryptography on the server's side."""
    client, ra = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
    name = x509.Name.from_rfc4514_string("CN=device-1")
    request = x509.CertificateSigningRequestBuilder(name).sign(client, SHA256()).public_bytes(Encoding.DER)
    message, scheme = b"m" * 300, padding.PKCS1v15()
    signature, wrapped = client.sign(message, scheme, SHA256()), ra.public_key().encrypt(b"k" * 16, scheme)
    builder, public = x509.CertificateBuilder(name, name), client.public_key()
    begun = time.process_time()
    for number in range(1, count + 1):
        public.verify(signature, message, scheme, SHA256())
        ra.decrypt(wrapped, scheme)
        assert x509.load_der_x509_csr(request).is_signature_valid
        named = builder.public_key(public).serial_number(number).not_valid_before(_DAY).not_valid_after(_NEXT_DAY)
        certificate = named.sign(ca_key, SHA256())
        if isinstance(ca_key, rsa.RSAPrivateKey):
            ca_key.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes, scheme, SHA256())
        else:
            signed = certificate.tbs_certificate_bytes
            ca_key.public_key().verify(certificate.signature, signed, ec.ECDSA(SHA256()))
        public.encrypt(b"k" * 16, scheme)
        ra.sign(message, scheme, SHA256())
    return (time.process_time() - begun) / count
