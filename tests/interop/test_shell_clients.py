"""acme-tiny and dehydrated: small clients, which do not forgive much (they never repeat a request)."""

from pathlib import Path

import pytest

from tests.support.clients import run, status, verify
from tests.support.daemon import wait_for
from tests.support.site import Site
from tests.support.webroot import webroot

pytestmark = pytest.mark.interop


def split(chain: Path) -> tuple[Path, Path]:
    """The first certificate of a chain and the others, in files of their own."""
    end = "-----END CERTIFICATE-----\n"
    first, _, others = chain.read_text().partition(end)
    files = (chain.with_suffix(".first"), chain.with_suffix(".others"))
    files[0].write_text(first + end)
    files[1].write_text(others)
    return files


def test_acme_tiny(site: Site, tmp_path: Path) -> None:
    """A request whose only name is its common name is as good as any (RFC 8555 7.4)."""
    account, request, chain = (tmp_path / name for name in ("account.key", "request.pem", "chain.pem"))
    run("openssl", "genrsa", "-out", account, "2048")
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "tiny.key")
    run("openssl", "req", "-new", *key, "-subj", "/CN=tiny.emca.test", "-out", request)
    trust = {"SSL_CERT_FILE": str(site.daemon.ca_bundle)}
    with webroot(site.http_port, tmp_path) as answers:
        files = ("--account-key", account, "--csr", request, "--acme-dir", answers)
        server = ("--directory-url", site.daemon.directory, "--disable-check", "--quiet")
        chain.write_text(run("acme-tiny", *files, *server, environment=trust))
    certificate, others = split(chain)
    verify(site.daemon, certificate, others)
    assert "DNS:tiny.emca.test" in run("openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName")


def test_dehydrated(site: Site, tmp_path: Path) -> None:
    """Registered, http-01, dns-01 with a wildcard, renewed with authorizations still valid, revoked, closed."""
    folder = tmp_path / "dehydrated"
    folder.mkdir()
    hook, config = folder / "hook", folder / "config"
    hook.write_text(
        '#!/bin/sh\ncase "$1" in\n'
        f'deploy_challenge) exec {site.zone.hook} present "_acme-challenge.$2." "$4" ;;\n'
        f'clean_challenge) exec {site.zone.hook} cleanup "_acme-challenge.$2." "$4" ;;\nesac\n'
    )
    hook.chmod(0o755)
    with webroot(site.http_port, tmp_path) as answers:
        config.write_text(
            f"BASEDIR={folder}\nCA={site.daemon.directory}\nWELLKNOWN={answers}\nHOOK={hook}\n"
            f'CURL_OPTS="--cacert {site.daemon.ca_bundle}"\nCONTACT_EMAIL=you@example.com\n'
        )
        command = ("dehydrated", "-f", config)
        run(*command, "--register", "--accept-terms")
        names = ("-d", "dehydrated.emca.test", "-d", "two.dehydrated.emca.test")
        run(*command, "-c", *names)
        run(*command, "-c", "-t", "dns-01", "-d", "*.dry.emca.test dry.emca.test", "--alias", "wildcard")
        assert "0 pending challenge(s)" in run(*command, "-c", "--force", *names)
        for name in ("dehydrated.emca.test", "wildcard"):
            got = folder / "certs" / name
            verify(site.daemon, got / "cert.pem", got / "chain.pem")
        certificate = tmp_path / "copy.pem"
        certificate.write_bytes((folder / "certs" / "wildcard" / "cert.pem").read_bytes())
        assert status(site.daemon, certificate) == "good"
        run(*command, "-r", folder / "certs" / "wildcard" / "cert.pem")
        wait_for(lambda: status(site.daemon, certificate).startswith("revoked"), "the answer of OCSP", 3)
        run(*command, "--deactivate")
