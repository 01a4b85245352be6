"""SCEP with the registration authority's key in a token: strongSwan's `pki` against SoftHSM2."""

from pathlib import Path

import pytest

from tests.support.clients import Zone
from tests.support.daemon import Daemon, free_port
from tests.support.scep_site import ScepSite
from tests.support.site import Site, site_settings
from tests.support.softhsm import PIN, SoftHsm

pytestmark = [pytest.mark.interop, pytest.mark.token]

TOKEN = """[signers.token]
kind = "pkcs11"
module = "{module}"
token_label = "demo"
pin_file = "{pin_file}"

[signers.software]"""

TWO = """
[scep.two]
profile = "device"
issuer = "demo-issuing"
ra = "two"
ra_signer = "token"

[scep.two.challenge]
policy = "static"
secret_file = "{home}/scep.challenge"
"""


def settings(daemon: Daemon, zone: Zone, token: SoftHsm) -> str:
    """The demonstration's, with RA keys in the token: one certificate at one endpoint, two at another."""
    text, _, _ = site_settings(daemon, zone, free_port()).partition("[acme.manual]")
    for old, new in (
        ("[signers.software]", TOKEN.format(module=token.module, pin_file=token.pin_file)),
        ("[scep.default]\n", '[scep.default]\nra_signer = "token"\n'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text + TWO.format(home=daemon.home)


def test_strongswan_enrolls_and_renews_where_the_ra_s_key_is_in_a_token(zone: Zone, tmp_path: Path) -> None:
    """Also after a new start, and where one key signs and another decrypts; no RA key is in a file."""
    token = SoftHsm(tmp_path / "softhsm")
    token.make_token("demo")
    with Daemon(tmp_path / "demo") as daemon:
        daemon.make_home(settings(daemon, zone, token), "token")
        daemon.serve()
        scep = ScepSite(Site(daemon, zone, 0, 0), tmp_path)
        scep.authorities()
        key, first, second = scep.key("first"), tmp_path / "first.pem", tmp_path / "second.pem"
        code, output = scep.enroll(key, first, "--password", scep.challenge)
        assert code == 0, output
        assert scep.subject(first) == "subject=CN=strongswan,O=Example,C=US"
        daemon.stop()
        daemon.serve()
        code, output = scep.enroll(scep.key("second"), second, "--cert", first, "--key", key)
        assert code == 0, output
        assert scep.serial(first) != scep.serial(second)
        code, output = scep.enroll(scep.key("third"), tmp_path / "third.pem", "--password", "wrong")
        assert code != 0
        assert "badRequest" in output

        keys = {row["key"] for row in daemon.done("key", "list", "--json").json}
        for prefix in ("token:scep-default-ra-", "token:scep-two-sign-", "token:scep-two-encrypt-"):
            assert sum(one.startswith(prefix) for one in keys) == 1, keys
        assert not [one for one in keys if one.startswith(("software:scep-default-", "software:scep-two-"))]
        daemon.stop()
        daemon.assert_quiet(PIN)
