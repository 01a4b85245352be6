"""OpenSSL's own table tests of `openssl cmp`, made ready for this CA: its rows, and a folder with a client's files."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from emca_daemon.clock import system_clock
from tests.support.cmp_site import SECRET, Openssl
from tests.support.daemon import Daemon

SERVER = "OurCA"
PATH = "cmp-tables/"
SUBJECT = "/C=AU/O=Internet Widgits Pty Ltd/CN=leaf"
_LEAF = x509.Name.from_rfc4514_string("CN=leaf,O=Internet Widgits Pty Ltd,C=AU")
NAMES = "localhost test 127.0.0.1 1.2.3.4 192.168.1.1 https://www.sample.com http://192.168.0.2"
SETTINGS = """
[cmp.tables]
paths = ["/cmp-tables"]
profile = "machine-tables"
issuer = "demo-issuing"
accept = ["secret", "certificate", "ra"]
secrets = "cmp.secrets"
same_key = true
key_generation = ["p-256"]
key_packages = false
open_transactions = 1000
root_update = ["newWithNew.pem", "newWithOld.pem", "oldWithNew.pem"]

[cmp.tables.profiles]
profile1 = "machine-tables"

[cmp.ra]
paths = ["/cmp-ra"]
profile = "registration-authority"
issuer = "demo-issuing"
accept = ["secret"]
secrets = "cmp.secrets"
check_after = "1s"
"""
_PROFILE = {
    'maximum = "2y"': 'maximum = "200y"',
    "wildcards = false": "single_label = true",
    "[names.uri]": '[names.uri]\nschemes = ["http", "https"]',
    'algorithms = ["rsa", ': "algorithms = [",
}
"""What is other in the tables' profile than in the machines': the tables ask for much, but never get an RSA key."""
_QUOTED = re.compile(r" *'[^',]*(?:, *[^',]+)+'|[^,]+")
"""Fields of a line; one in single quotes may hold a comma between words."""
_THEIRS = ("12345.txt", "empty.txt", "random.bin", "issuing_expired.crt", "root_expired.crt", "wrong_csr.pem")
_MOCK_SERIAL = "0xA44DB0329A714A8D"
_MOCK_ISSUER = "/C=AU/ST=Some-State/O=Internet Widgits Pty Ltd/CN=subinterCA"
OUR_ISSUER = "/O=EMCA Demo/CN=EMCA Demo Issuing CA"


@dataclass(frozen=True)
class Row:
    """A line of a table: what it tries, the options, and whether they should succeed."""

    title: str
    options: tuple[str, ...]
    succeeds: bool


def rows(table: Path, values: dict[str, str]) -> Iterator[Row]:
    """The rows that OpenSSL itself runs, with `values` in the place of words such as _SERVER_HOST."""
    text = table.read_text()
    for word, value in values.items():
        text = text.replace(word, value)
    for line in text.splitlines():
        fields = [field.strip() for field in _QUOTED.findall(line) if field.strip()]
        if len(fields) < 2 or fields[0] not in ("0", "1"):
            continue
        # Quoted quotes are an empty argument; the word BLANK is no argument at all.
        options = [field.strip("\"'") for field in fields[2:] if field != "BLANK"]
        yield Row(fields[1], tuple(options), fields[0] == "1")


def write_authority_files(daemon: Daemon) -> None:
    """The profile of the endpoint, and a next root with what ties it to the one that there is."""
    home = daemon.home
    (home / "cmp.secrets").write_text(f'leaf = "{SECRET}"\ndev1 = "{SECRET}"\n')
    profile = (home / "profiles" / "machine.toml").read_text()
    for words, others in _PROFILE.items():
        assert words in profile
        profile = profile.replace(words, others, 1)
    (home / "profiles" / "machine-tables.toml").write_text(profile)
    old = x509.load_pem_x509_certificate((home / "root.pem").read_bytes())
    passphrase = (home / "keys.passphrase").read_bytes().strip()
    old_key = load_pem_private_key((home / "keys" / "demo-root.pem").read_bytes(), passphrase)
    assert isinstance(old_key, ec.EllipticCurvePrivateKey)
    new_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=EMCA Demo Next Root CA,O=EMCA Demo")
    for file, subject, key, issuer, signer in (
        ("newWithNew.pem", name, new_key, name, new_key),
        ("newWithOld.pem", name, new_key, old.subject, old_key),
        ("oldWithNew.pem", old.subject, old_key, name, new_key),
    ):
        certificate = _root(subject, key.public_key(), issuer, signer)
        (home / file).write_bytes(certificate.public_bytes(Encoding.PEM))


def _root(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = system_clock()
    builder = x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=3000)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return builder.add_extension(authority, critical=False).sign(signer, hashes.SHA256())


class TableClient:
    """Runs rows in a folder that is laid out as OpenSSL's tests want it."""

    def __init__(self, program: str, tables: Path, folder: Path, daemon: Daemon, authority: tuple[Path, Path]) -> None:
        """`tables` is OpenSSL's folder, `authority` a registration authority's certificate and key."""
        self.folder = folder / SERVER
        self._results = folder / "results"
        self._tables = tables
        self._program = program
        self._daemon = daemon
        self.folder.mkdir()
        self._results.mkdir()
        for name in _THEIRS:
            shutil.copy(tables / "Mock" / name, self.folder / name)
        self._write_keys()
        shutil.copy(authority[0], self.folder / "ra.crt")
        shutil.copy(authority[1], self.folder / "ra.key")
        self._write_certificates()
        self._write_settings()

    def rows(self, aspect: str) -> list[Row]:
        """The rows of one table."""
        values = {
            "_CA_DN": OUR_ISSUER,
            "_SERVER_DN": self._server,
            "_SERVER_HOST": "127.0.0.1",
            "_SERVER_PORT": str(self._daemon.port),
            "_SERVER_TLS": str(self._daemon.tls_port),
            "_SERVER_PATH": PATH,
            "_SERVER_CERT": "server.crt",
            "_KUR_PORT": str(self._daemon.port),
            "_PBM_PORT": str(self._daemon.port),
            "_PBM_REF": "leaf",
            "_PBM_SECRET": f"pass:{SECRET}",
            "_RESULT_DIR": str(self._results),
        }
        return list(rows(self._tables / f"test_{aspect}.csv", values))

    def run(self, aspect: str, row: Row) -> tuple[bool, str]:
        """Whether a row succeeded, and what was said."""
        options = [self._ours(before, option) for before, option in pairwise(("", *row.options))]
        command = options[options.index("-cmd") + 1] if "-cmd" in options[:-1] else ""
        sections = f"{SERVER} {aspect} authority" if aspect == "commands" else f"{SERVER} {aspect}"
        given = ["-config", "test.cnf", "-section", sections]
        if "-server" not in options:
            given += ["-server", f"127.0.0.1:{self._daemon.port}"]
        if "-proxy" not in options:
            given += ["-no_proxy", "127.0.0.1"]
        if aspect != "commands" or command in ("ir", "cr", "p10cr", "kur"):
            given += ["-certout", str(self._results / "test.cert.pem")]
        if "for revocation" in row.title and command == "cr":
            self._write_other_key()  # a key that was told to be compromised gets no certificate again
            given += ["-newkey", "other.key"]
        if "-centralkeygen" in options or ("-popo", "-1") in pairwise(options):
            given += ["-cert", "signer.crt", "-key", "signer.p12", "-keypass", "pass:12345"]
        if options[:1] == ["-section"]:
            options = options[1:]
        return self._openssl(*given, *options)

    def _ours(self, before: str, option: str) -> str:
        """What names the mock server's own CA in the tables names ours here; the other CA is theirs, then."""
        if before == "-crlcert" and option == "server.crt":
            return "foreign.crt"
        if option == _MOCK_ISSUER:
            return OUR_ISSUER
        if option == _MOCK_SERIAL:
            issued = x509.load_pem_x509_certificate((self._results / "test.cert.pem").read_bytes())
            return f"0x{issued.serial_number:x}"
        return option

    def _openssl(self, *words: str) -> tuple[bool, str]:
        done = subprocess.run(
            [self._program, "cmp", *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
            env={**os.environ, "OPENSSL_CONF": "/dev/null"},
        )
        return done.returncode == 0, done.stdout + done.stderr

    def _write_keys(self) -> None:
        for name, key in dict.fromkeys(("signer", "new"), ec.generate_private_key(ec.SECP256R1())).items():
            self._write_key(name, key)
        self._write_other_key()
        rsa_key = rsa.generate_private_key(65537, 2048)
        self._write("new.RSA2048.key", rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def _write_other_key(self) -> None:
        """The key of what is revoked, with its request."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._write_key("other", key)
        leaf = x509.CertificateSigningRequestBuilder(_LEAF)
        leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        self._write("csr.pem", leaf.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def _write_key(self, name: str, key: ec.EllipticCurvePrivateKey) -> None:
        self._write(f"{name}.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        sealed = BestAvailableEncryption(b"12345")
        self._write(f"{name}_pass_12345.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._write(f"{name}_pub.key", public)

    def _write_certificates(self) -> None:
        """The signer's certificate by a shared secret, and what else the tables name."""
        home, mock = self._daemon.home, self._tables / "Mock"
        client = Openssl(self._program, self.folder, self._daemon)
        options = ("-secret", f"pass:{SECRET}", "-ref", "leaf", "-recipient", OUR_ISSUER, "-newkey", "signer.key")
        saved = ("-certout", "signer_only.crt", "-implicit_confirm")
        said = client("ir", *options, "-subject", SUBJECT, "-sans", NAMES, *saved, path=f"/{PATH}")
        assert said.code == 0, said.out
        ask = ("-cert", "signer_only.crt", "-key", "signer.key", "-trusted", home / "root.pem")
        said = client("genm", *ask, "-untrusted", home / "issuer.pem", "-srvcertout", "server.crt", path=f"/{PATH}")
        assert said.code == 0, said.out
        root, issuer = (home / "root.pem").read_bytes(), (home / "issuer.pem").read_bytes()
        signer = (self.folder / "signer_only.crt").read_bytes()
        for name in ("root.crt", "trusted.crt", "signer_root.crt", "oldWithOld.pem"):
            self._write(name, root)
        self._write("issuing.crt", issuer)
        self._write("signer.crt", signer + issuer)
        self._write("big_root.crt", root + _strangers(mock / "big_root.crt"))
        self._write("big_issuing.crt", issuer + _strangers(mock / "big_issuing.crt"))
        key = load_pem_private_key((self.folder / "signer.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        certificate = x509.load_pem_x509_certificate(signer)
        sealed = pkcs12.serialize_key_and_certificates(b"", key, certificate, None, BestAvailableEncryption(b"12345"))
        self._write("signer.p12", sealed)
        self._write("oldcrl.pem", _old_crl(issuer))
        self._write("foreign.crt", (mock / "server.crt").read_bytes())

    def _write_settings(self) -> None:
        """OpenSSL's own settings, with a section for this CA in the place of the mock server's."""
        text = (self._tables / "Mock" / "test.cnf").read_text()
        head, _, rest = text.partition("[Mock]")
        tail = rest[rest.index("####") :]
        server = x509.load_pem_x509_certificate((self.folder / "server.crt").read_bytes())
        self._server = "/" + "/".join(part.rfc4514_string() for part in server.subject.rdns)
        ours = [
            f"[{SERVER}]",
            f"path = {PATH}",
            f"recipient = {OUR_ISSUER}",
            f"expect_sender = {self._server}",
            f'subject = "{SUBJECT}"',
            "newkey = signer.key",
            "out_trusted = signer_root.crt",
            "cert = signer.crt",
            "key = signer.p12",
            "keypass = pass:12345",
            "ignore_keyusage = 0",
        ]
        # Certificates of others are revoked by an authority alone.
        authority = ["[authority]", "cert = ra.crt", "key = ra.key", "keypass =", "newkey = ra.key", tail]
        self._write("test.cnf", "\n".join([head, *ours, *authority]).encode())

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)


def _strangers(file: Path) -> bytes:
    """The certificates of a big file that are of no CA in the tests."""
    found = x509.load_pem_x509_certificates(file.read_bytes())
    return b"".join(one.public_bytes(Encoding.PEM) for one in found if "google" in one.subject.rfc4514_string().lower())


def _old_crl(issuer: bytes) -> bytes:
    """A CRL by the issuing CA's name from before there was one; a client only tells its date."""
    before = system_clock() - timedelta(days=7)
    name = x509.load_pem_x509_certificate(issuer).subject
    builder = x509.CertificateRevocationListBuilder(name, before, before + timedelta(days=1))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM)
