"""EST clients as their users run them: curl with openssl, strongSwan, Bouncy Castle through a driver of ours."""

import base64
import json
import subprocess
from pathlib import Path

from tests.support.clients import run
from tests.support.daemon import Daemon


class EstSite:
    """A demonstration's EST, and a folder for what a client keeps."""

    def __init__(self, daemon: Daemon, folder: Path) -> None:
        self.daemon = daemon
        self.folder = folder
        self.url = daemon.endpoints["est.url"]
        self.root = daemon.home / "root.pem"
        secrets = json.loads((daemon.home / "secrets.json").read_text())
        self.userpass = f"{daemon.endpoints['est.user']}:{secrets['est.password']}"

    def request(self, name: str, *options: str, kind: str = "ec") -> tuple[Path, Path]:
        """A fresh key (PEM) and a request in DER by openssl."""
        key, csr = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        made = ("-newkey", "rsa:2048") if kind == "rsa" else ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        run("openssl", "req", "-new", *made, "-nodes", "-keyout", key, "-subj", f"/CN={name}", *options)
        run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", *options, "-outform", "DER", "-out", csr)
        return key, csr

    def curl(self, operation: str, body: bytes | None, *options: str | Path) -> tuple[int, bytes, str]:
        """Status, body and head of curl's request."""
        answer, head = self.folder / "answer", self.folder / "head"
        sent = () if body is None else ("-H", "Content-Type: application/pkcs10", "--data-binary", "@-")
        command = ("curl", "-sS", "--cacert", self.root, "-o", answer, "-D", head, "-w", "%{http_code}")
        done = subprocess.run(
            [*command, *sent, *options, f"{self.url}/{operation}"],
            input=body,
            capture_output=True,
            check=True,
        )
        content = answer.read_bytes() if answer.exists() else b""
        answer.unlink(missing_ok=True)
        return int(done.stdout), content, head.read_text()

    def enrolled(self, name: str, content: bytes) -> Path:
        """The certificate in a certs-only answer, as a PEM file that openssl wrote and verified."""
        bundle, file = self.folder / f"{name}.p7", self.folder / f"{name}.pem"
        bundle.write_bytes(base64.b64decode(content))
        run("openssl", "pkcs7", "-inform", "DER", "-in", bundle, "-print_certs", "-out", file)
        run("openssl", "verify", "-CAfile", self.daemon.ca_bundle, file)
        assert file.read_text().count("BEGIN CERTIFICATE") == 1
        return file


def subject(file: Path) -> str:
    """The subject of a certificate."""
    return (
        run("openssl", "x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253")
        .strip()
        .removeprefix("subject=")
    )
