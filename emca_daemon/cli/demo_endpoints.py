"""Where the demonstration is to be found: `endpoints.json` for programs, lines to try for people."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

import click

from emca_daemon.cli.demo_secrets import CMP_REFERENCE, EST_USER


def endpoints(home: Path, port: int, tls_port: int) -> dict[str, str | dict[str, str]]:
    """The content of endpoints.json: nested, and each nested value under its dotted name as well."""
    nested = {
        "acme": {"directory": f"https://localhost:{tls_port}/acme/directory"},
        "cmp": {"url": f"http://localhost:{port}/.well-known/cmp", "reference": CMP_REFERENCE},
        "est": {"url": f"https://localhost:{tls_port + 1}/.well-known/est", "user": EST_USER},
        "scep": {"url": f"http://localhost:{port}/scep"},
        "ocsp": {"url": f"http://localhost:{port}/ocsp"},
        "crl": {"url": f"http://localhost:{port}/crl/demo-issuing.crl"},
        "metrics": {"url": f"http://localhost:{port + 1}/metrics"},
    }
    dotted = {f"{name}.{key}": value for name, fields in nested.items() for key, value in fields.items()}
    return {
        "root_certificate": str(home / "root.pem"),
        "issuer_certificate": str(home / "issuer.pem"),
        "ca_bundle": str(home / "ca-bundle.pem"),
        **nested,
        **dotted,
    }


def write_endpoints(home: Path, port: int, tls_port: int) -> None:
    """Write endpoints.json at once, whole."""
    fresh = home / "endpoints.json.new"
    fresh.write_text(json.dumps(endpoints(home, port, tls_port), indent=2) + "\n")
    fresh.replace(home / "endpoints.json")


def announce(home: Path, port: int, tls_port: int) -> None:
    """Print the addresses and one line to try for each protocol, as a shell takes them."""
    found = endpoints(home, port, tls_port)
    place = quote(str(home))
    work = f"{place}/certbot"
    settings = f"EMCA_CONFIG={place}/emca.toml PATH={quote(str(Path(sys.executable).parent))}:$PATH"
    challenge, secret = _read_secret(place, "scep.challenge"), _read_secret(place, "cmp.secret")
    lines = (
        f"The demonstration CA is ready: HTTP on {port}, HTTPS on {tls_port}, loopback only. Ctrl-C stops it.",
        "",
        f"  settings   {home / 'emca.toml'}",
        f"  root       {found['root_certificate']}",
        f"  addresses  {home / 'endpoints.json'}",
        f"  metrics    {found['metrics.url']}",
        "",
        "Try, in another terminal:",
        "",
        (
            f"  ACME  REQUESTS_CA_BUNDLE={place}/ca-bundle.pem certbot certonly -n --agree-tos -m you@example.com"
            f" --server {found['acme.directory']} --standalone --http-01-port 5002 -d www.emca.test"
            f" --config-dir {work} --work-dir {work}/work --logs-dir {work}/logs"
        ),
        (
            f"  OCSP  openssl ocsp -issuer {place}/issuer.pem -CAfile {place}/ca-bundle.pem"
            f" -cert {work}/live/www.emca.test/cert.pem -url {found['ocsp.url']}"
        ),
        _est_line(found, place),
        (
            f"  CMP   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {place}/machine.key;"
            f" openssl cmp -config /dev/null -batch -cmd ir -server {found['cmp.url']} -ref {found['cmp.reference']}"
            f" -secret pass:$({secret}) -recipient '/CN=EMCA Demo Issuing CA' -newkey {place}/machine.key"
            f" -subject /CN=machine-1 -certout {place}/machine.pem"
        ),
        (
            f"  SCEP  cd {place} && pki --scepca --url {found['scep.url']} --caout ca.pem --raout ra.pem --outform pem"
            " && openssl genrsa -out device-2.key 2048"
            f" && pki --scep --url {found['scep.url']} --in device-2.key --dn CN=device-2 --password $({challenge})"
            " --cacert-enc ra.pem --cacert-sig ca-1.pem --cacert ca.pem --outform pem"
            " | openssl x509 -noout -subject -issuer"
        ),
        f"  CRL   curl -s {found['crl.url']} | openssl crl -inform DER -noout -text",
        f"  CLI   export {settings}; emca-daemon cert list; emca-daemon audit verify",
        "",
    )
    for line in lines:
        click.echo(line)


def _read_secret(place: str, name: str) -> str:
    """The command that prints a secret."""
    return f"""sed -n 's/^  "{name}": "\\(.*\\)".*/\\1/p' {place}/secrets.json"""


def _est_line(found: Mapping[str, str | dict[str, str]], place: str) -> str:
    """A certificate for a key made on the spot, by password."""
    return (
        f"  EST   openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {place}/device.key"
        f" -subj /CN=device-1 -outform DER | base64 | curl -s --cacert {place}/root.pem"
        f" -u {found['est.user']}:$({_read_secret(place, 'est.password')}) --data-binary @-"
        f" -H 'Content-Type: application/pkcs10' {found['est.url']}/simpleenroll"
        " | base64 -d | openssl pkcs7 -inform DER -print_certs"
    )
