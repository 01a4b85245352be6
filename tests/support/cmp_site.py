"""A daemon with CMP endpoints of every kind, and OpenSSL as a client of them."""

import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from emca_daemon.clock import system_clock
from tests.support.certificates import key_usage
from tests.support.daemon import Daemon, Said, wait_for

SECRET = "opensesame-cmp"
_PROFILES = "[cmp.demo.profiles]\n"
ENDPOINTS = """
[cmp.manual]
paths = ["/cmp-manual"]
profile = "machine-manual"
issuer = "demo-issuing"
accept = ["secret", "certificate"]
secrets = "cmp.secrets"
check_after = "1s"

[cmp.ra]
paths = ["/cmp-ra"]
profile = "registration-authority"
issuer = "demo-issuing"
accept = ["secret"]
secrets = "cmp.secrets"
check_after = "1s"

[cmp.stations]
paths = ["/ejbca/publicweb/cmp/stations"]
profile = "machine"
issuer = "demo-issuing"
accept = ["vendor", "certificate"]
vendor_authorities = ["vendor.pem"]
devices = "devices.toml"
root_in_extra_certs = true
same_key = true
revoke_updated = true

[cmp.strict]
paths = ["/cmp-strict"]
profile = "machine"
issuer = "demo-issuing"
accept = ["secret", "certificate"]
secrets = "cmp.secrets"
strict = true

[cmp.packages]
paths = ["/cmp-packages"]
profile = "machine"
issuer = "demo-issuing"
accept = ["secret", "certificate"]
secrets = "cmp.secrets"
key_generation = ["p-384", "p-256"]

[cmp.hasty]
paths = ["/cmp-hasty"]
profile = "machine"
issuer = "demo-issuing"
accept = ["secret"]
secrets = "cmp.secrets"
implicit_confirm = false
confirm_within = "2s"
"""
DEVICES = """
["station-7"]
subject = "CN=dev1.example"
names = ["dns:dev1.example", "ip:127.0.0.1"]
"""


def cmp_settings(daemon: Daemon, endpoints: str = ENDPOINTS) -> str:
    """The demonstration's settings with more endpoints and a log that tells everything."""
    text = daemon.settings().replace('format = "console"', 'format = "json"').replace('"warning"', '"info"')
    text = text.replace(_PROFILES, _PROFILES + 'profile1 = "machine"\n', 1)
    return text.replace("[est.default]", endpoints + "\n[est.default]", 1)


def write_files(home: Path) -> None:
    """Secrets, devices, a vendor's root with one device's certificate, and a profile with a person who approves."""
    (home / "cmp.secrets").write_text(f'dev1 = "{SECRET}"\n"dev1.example" = "{SECRET}"\n[other]\nsecret = "{SECRET}"\n')
    (home / "devices.toml").write_text(DEVICES)
    for name in ("cmp.secrets", "devices.toml"):
        (home / name).chmod(0o600)
    profile = (home / "profiles" / "machine.toml").read_text()
    (home / "profiles" / "machine-manual.toml").write_text('approval = "manual"\n' + profile)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Vendor Root", root_key, "Vendor Root", root_key, authority=True)
    device = _certificate("station-7", key, "Vendor Root", root_key, authority=False)
    (home / "vendor.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (home / "station.pem").write_bytes(device.public_bytes(Encoding.PEM))
    stranger = _certificate("station-8", key, "Vendor Root", root_key, authority=False)
    (home / "stranger.pem").write_bytes(stranger.public_bytes(Encoding.PEM))
    (home / "station.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = system_clock()
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=30),
    )
    usage = key_usage("key_cert_sign") if authority else key_usage("digital_signature")
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False).sign(issuer_key, hashes.SHA256())


@dataclass(frozen=True)
class Openssl:
    """`openssl cmp` of one version, in a folder of its own."""

    program: str
    folder: Path
    daemon: Daemon

    def __call__(self, command: str, *options: str | Path, path: str = "/.well-known/cmp") -> Said:
        """Run `openssl cmp -cmd COMMAND`; both outputs are in `out`."""
        url = f"http://127.0.0.1:{self.daemon.port}{path}"
        words = [self.program, "cmp", "-config", "/dev/null", "-batch", "-total_timeout", "30", "-server", url]
        done = subprocess.run(
            [*words, "-cmd", command, *map(str, options)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "OPENSSL_CONF": "/dev/null"},
        )
        return Said(done.returncode, done.stdout + done.stderr, done.stderr)

    @property
    def mac(self) -> tuple[str, ...]:
        """Protection by the shared secret."""
        return ("-secret", f"pass:{SECRET}", "-ref", "dev1", "-recipient", "/CN=Root")

    def signature(self, certificate: str | Path, key: str | Path) -> tuple[str | Path, ...]:
        """Protection by a certificate; the daemon's answers are checked up to the demonstration's root."""
        home = self.daemon.home
        trust = ("-trusted", home / "root.pem", "-untrusted", home / "issuer.pem")
        return ("-cert", certificate, "-key", key, *trust)

    def new_key(self, name: str = "new.key") -> str:
        """A fresh key in a file."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (self.folder / name).write_bytes(pem)
        return name

    def fresh(self, subject: str = "/CN=dev1.example") -> tuple[str, ...]:
        """A request for a certificate with a fresh key."""
        return ("-newkey", self.new_key(), "-subject", subject)

    def enrolled(self, name: str = "leaf") -> tuple[str, str]:
        """A certificate of this daemon's and its key, by the shared secret."""
        key = self.new_key(f"{name}.key")
        options = ("-newkey", key, "-subject", "/CN=dev1.example", "-implicit_confirm", "-certout", f"{name}.pem")
        said = self("ir", *self.mac, *options)
        assert said.code == 0, said.out
        return f"{name}.pem", key

    def certificate(self, name: str) -> x509.Certificate:
        """What was saved under that name."""
        return x509.load_pem_x509_certificate((self.folder / name).read_bytes())


def approved(openssl: Openssl, subject: str, path: str, out: str, *options: str) -> str:
    """Ask, and while the client polls a person approves what waits; what the client said."""
    daemon = openssl.daemon

    def approve() -> None:
        wait_for(lambda: bool(daemon.done("request", "list", "--json").json), "a waiting request")
        for row in daemon.done("request", "list", "--json").json:
            daemon.done("request", "approve", row["id"])

    person = threading.Thread(target=approve)
    person.start()
    said = openssl("ir", *openssl.mac, *openssl.fresh(subject), "-certout", out, *options, path=path)
    person.join()
    assert said.code == 0, said.out
    return said.out


def status(openssl: Openssl, name: str) -> str:
    """What the CA knows of a certificate that was saved."""
    fingerprint = openssl.certificate(name).fingerprint(hashes.SHA256()).hex()
    return str(openssl.daemon.done("cert", "show", fingerprint, "--json").json["status"])


def openssl_3_5(script: Path, folder: Path) -> str:
    """A newer OpenSSL, unpacked into a folder; an empty text where there is no mirror to have it from."""
    done = subprocess.run([str(script), str(folder)], capture_output=True, text=True, timeout=300, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def system_openssl() -> str:
    """The one of this system."""
    found = shutil.which("openssl")
    assert found is not None
    return found
