"""The same life of a certificate where the data are in PostgreSQL, the keys in a token, or both: by settings only."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.clients import Certbot, Zone, crl_text, serial, status, verify
from tests.support.daemon import Daemon, free_port, wait_for
from tests.support.site import site_settings
from tests.support.softhsm import PIN, SoftHsm

pytestmark = pytest.mark.interop


Change = tuple[str, str]
"""A pattern in the settings, and what is to be in its place."""


def in_postgresql(url: str) -> Change:
    """The data are there."""
    return r'(?<=\nurl = )"sqlite:[^"\n]*"', f'"{url}"'


def in_token(folder: Path) -> Change:
    """The keys are in a fresh token, which the environment tells from here on."""
    token = SoftHsm(folder / "softhsm")
    token.make_token("demo")
    section = (
        f'[signers.token]\nkind = "pkcs11"\nmodule = "{token.module}"\ntoken_label = "demo"\n'
        f'pin_file = "{token.pin_file}"\n\n'
    )
    return r"(?=\[signers\.software\])", section


def live(daemon: Daemon, zone: Zone, settings: Sequence[Change], tmp_path: Path, signer: str = "software") -> None:
    """Make the CAs under changed settings, issue, renew, revoke, and look at what everybody says."""
    http_port = free_port()
    text = site_settings(daemon, zone, http_port)
    for pattern, replacement in settings:
        text, count = re.subn(pattern, lambda _, by=replacement: by, text, flags=re.DOTALL)  # type: ignore[misc]
        assert count == 1
    text, _, _ = text.partition("[acme.manual]")
    daemon.make_home(text, signer)
    daemon.serve()
    certbot = Certbot(tmp_path / "certbot", daemon, http_port, zone)
    certbot.get(*certbot.http01, "-d", "placed.emca.test")
    first = serial(certbot.live("placed.emca.test"))
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    certificate = certbot.live("placed.emca.test")
    verify(daemon, certificate, certbot.live("placed.emca.test", "chain.pem"))
    number = serial(certificate)
    assert number != first
    assert status(daemon, certificate) == "good"
    certbot("revoke", "--cert-path", certificate, "--reason", "superseded", "--no-delete-after-revoke")
    wait_for(lambda: status(daemon, certificate) == "revoked superseded", "the answer of OCSP", 3)
    wait_for(lambda: f"Serial Number: {number}" in crl_text(daemon, tmp_path), "the next CRL", 10)
    rows = daemon.done("cert", "search", "placed.emca.test", "--json").json
    assert sorted(row["status"] for row in rows) == ["revoked", "valid"]
    assert daemon.done("audit", "verify", "--json").json["unbroken"] is True
    daemon.stop()
    daemon.assert_quiet(PIN)


@pytest.mark.database
def test_postgresql(zone: Zone, empty_postgres_url: str, tmp_path: Path) -> None:
    """With another `url` in [store] nothing is kept in SQLite."""
    with Daemon(tmp_path / "demo") as daemon:
        live(daemon, zone, [in_postgresql(empty_postgres_url)], tmp_path)


@pytest.mark.token
def test_token(zone: Zone, tmp_path: Path) -> None:
    """With a token in [signers] the CAs' keys and their signers' are there; SCEP's RA keys, by default, in files."""
    settings = [in_token(tmp_path)]
    with Daemon(tmp_path / "demo") as daemon:
        live(daemon, zone, settings, tmp_path, "token")
        assert all(file.name.startswith("scep-") for file in (daemon.home / "keys").iterdir())
        keys = {row["key"] for row in daemon.done("key", "list", "--json").json}
        assert {"token:demo-root", "token:demo-issuing", "token:ocsp-demo-issuing"} <= keys


@pytest.mark.database
@pytest.mark.token
def test_postgresql_and_token(zone: Zone, empty_postgres_url: str, tmp_path: Path) -> None:
    """Both at once: what waits, waits on threads for the one and the other."""
    settings = [in_postgresql(empty_postgres_url), in_token(tmp_path)]
    with Daemon(tmp_path / "demo") as daemon:
        live(daemon, zone, settings, tmp_path, "token")
