"""The demonstration's SCEP endpoints, and strongSwan's `pki` as their client."""

import re
from pathlib import Path

from tests.support.clients import attempt, program, run
from tests.support.site import Site

CERTMONGER = Path("/usr/lib/certmonger")
"""Where its daemon and its tools lie."""

_SESSION = """#!/bin/sh
{CERTMONGER}/certmonger-session -n -d 2 >{folder}/certmonger.log 2>&1 &
until getcert list -s >/dev/null 2>&1; do sleep 0.2; done
getcert add-scep-ca -s -c my -u {url} -N {bundle}
getcert refresh-ca -s -c my
sleep 2
getcert request -s -c my -I one -k {key} -f {certificate} -N CN=certmonger -D cm.example -L {challenge} -w -v
openssl x509 -in {certificate} -noout -serial
getcert resubmit -s -i one -w
openssl x509 -in {certificate} -noout -serial
getcert rekey -s -i one -w
openssl x509 -in {certificate} -noout -serial
getcert list -s -i one
"""


class ScepSite:
    """The demonstration's SCEP endpoints."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.daemon = site.daemon
        self.folder = folder
        self.url = site.daemon.endpoints["scep.url"]
        self.challenge = (site.daemon.home / "scep.challenge").read_text().strip()

    def pki(self, *arguments: str | Path) -> tuple[int, str]:
        """Exit code and output of strongSwan's `pki`; certificates go to standard output."""
        return attempt(program("pki"), *arguments, environment={"LC_ALL": "C"})

    def authorities(self, endpoint: str = "") -> tuple[Path, Path, Path]:
        """Root, issuing CA and RA as `pki --scepca` writes them."""
        ca, ra = self.folder / "ca.pem", self.folder / "ra.pem"
        url = self.url + endpoint
        code, output = self.pki("--scepca", "--url", url, "--caout", ca, "--raout", ra, "--outform", "pem")
        assert code == 0, output
        return ca, self.folder / "ca-1.pem", ra

    def key(self, name: str) -> Path:
        """A fresh RSA key."""
        path = self.folder / f"{name}.key"
        run("openssl", "genrsa", "-out", path, "2048")
        return path

    def enroll(
        self,
        key: Path,
        out: Path,
        *more: str | Path,
        endpoint: str = "",
        subject: str = "C=US, O=Example, CN=strongswan",
    ) -> tuple[int, str]:
        """`pki --scep` with the CAs fetched before; `subject` in encoding order."""
        ca, issuer, ra = (self.folder / name for name in ("ca.pem", "ca-1.pem", "ra.pem"))
        trusted = ("--cacert-enc", ra, "--cacert-sig", issuer, "--cacert", ca, "--interval", "1", "--maxpolltime", "20")
        command = ("--scep", "--url", self.url + endpoint, "--in", key, "--dn", subject)
        code, output = self.pki(*command, "--san", "ss.example", *trusted, "--outform", "pem", *more)
        found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", output, re.DOTALL)
        if found:
            out.write_text(found[0] + "\n")
        return code, output

    def subject(self, certificate: Path) -> str:
        """Subject of a certificate that our root vouches for."""
        run("openssl", "verify", "-CAfile", self.daemon.ca_bundle, certificate)
        return run("openssl", "x509", "-in", certificate, "-noout", "-subject", "-nameopt", "RFC2253").strip()

    def serial(self, certificate: Path) -> str:
        """Its serial number."""
        return run("openssl", "x509", "-in", certificate, "-noout", "-serial")

    def certmonger(self, url: str, challenge: str) -> Path:
        """The certificate that certmonger has requested, resubmitted and rekeyed, three serial numbers in all."""
        home = self.folder / "home"
        (home / ".config").mkdir(parents=True)
        (home / "d").mkdir()
        certificate, script = home / "d" / "c.pem", self.folder / "session"
        places = {"folder": self.folder, "bundle": self.daemon.ca_bundle, "key": home / "d" / "k.pem"}
        known = {"CERTMONGER": CERTMONGER, "url": url, "challenge": challenge, "certificate": certificate}
        script.write_text(_SESSION.format(**places, **known))
        environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "LC_ALL": "C"}
        output = run(program("dbus-run-session"), "--", "sh", script, environment=environment, seconds=120)
        assert "status: MONITORING" in output, output
        assert len(set(re.findall(r"serial=\w+", output))) == 3, output
        return certificate
