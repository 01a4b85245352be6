"""SCEP with the registration authority's key in a token: strongSwan's `pki` against SoftHSM2."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from emca_daemon.asn1.cms_enveloping import ToCertificate
from tests.support.clients import Zone
from tests.support.daemon import Daemon, free_port
from tests.support.scep_site import ScepSite
from tests.support.scep_world import Client, Reply, ScepWorld, device_key, read_reply
from tests.support.site import Site, site_settings
from tests.support.softhsm import PIN, SoftHsm

pytestmark = [pytest.mark.interop, pytest.mark.token]

TOKEN = """[signers.token]
kind = "pkcs11"
module = "{module}"
token_label = "demo"
pin_file = "{pin_file}"

[signers.software]"""

MORE = """
[scep.two]
profile = "device"
issuer = "demo-issuing"
ra = "two"
ra_signer = "token"

[scep.two.challenge]
policy = "static"
secret_file = "{home}/scep.challenge"

[scep.own]
profile = "device"
issuer = "own"
ra = "none"

[scep.own.challenge]
policy = "static"
secret_file = "{home}/scep.challenge"
"""


def settings(daemon: Daemon, zone: Zone, token: SoftHsm) -> str:
    """The demonstration's, with RA keys in the token: one certificate at an endpoint, two, or none."""
    text, _, _ = site_settings(daemon, zone, free_port()).partition("[acme.manual]")
    for old, new in (
        ("[signers.software]", TOKEN.format(module=token.module, pin_file=token.pin_file)),
        ("[scep.default]\n", '[scep.default]\nra_signer = "token"\n'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text + MORE.format(home=daemon.home)


@contextmanager
def token_home(zone: Zone, folder: Path) -> Iterator[tuple[Daemon, SoftHsm]]:
    """A home whose keys are in a token, not served yet; in the end its PIN was told to nobody."""
    token = SoftHsm(folder / "softhsm")
    token.make_token("demo")
    with Daemon(folder / "demo") as daemon:
        daemon.make_home(settings(daemon, zone, token), "token")
        yield daemon, token
        daemon.assert_quiet(PIN)


class Live:
    """The served endpoint as our own client sees it, which writes what others do not."""

    def __init__(self, scep: ScepSite, ra: Path, endpoint: str = "") -> None:
        """`ra` is the certificate that clients encrypt to."""
        self.url, self.challenge = scep.url + endpoint, scep.challenge
        self._ra = x509.load_pem_x509_certificate(ra.read_bytes())

    def recipient(self) -> x509.Certificate:
        """Whom clients encrypt to."""
        return self._ra

    def forged(self) -> x509.Certificate:
        """The same recipient by its name and serial number, with a key that is not the token's."""
        key = rsa.generate_private_key(65537, 2048)
        ra = self._ra
        builder = x509.CertificateBuilder(
            ra.issuer, ra.subject, key.public_key(), ra.serial_number, ra.not_valid_before_utc, ra.not_valid_after_utc
        )
        return builder.sign(key, hashes.SHA256())

    def exchange(self, message: bytes) -> Reply:
        """Send a message and read the CertRep."""
        with urllib.request.urlopen(f"{self.url}?operation=PKIOperation", message, timeout=10) as response:
            return read_reply(response.read())

    def enroll(self, recipient: ToCertificate, number: int) -> Reply:
        """A new device's request, encrypted to that recipient."""
        device = Client(cast("ScepWorld", self), device_key(number), transaction_id=f"live-{number}".encode())
        device = replace(device, password=self.challenge.encode())
        return self.exchange(device.message(device.csr(), to=(recipient,)))


def test_strongswan_enrolls_and_renews_where_the_ra_s_key_is_in_a_token(zone: Zone, tmp_path: Path) -> None:
    """Also after a new start, and where one key signs and another decrypts; no RA key is in a file."""
    with token_home(zone, tmp_path) as (daemon, _):
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


def test_every_padding_opens_and_no_other_message_harms_the_token(zone: Zone, tmp_path: Path) -> None:
    """OAEP with a hash that SoftHSM2 has and one that it lacks; all that does not open is refused in the same words."""
    with token_home(zone, tmp_path) as (daemon, _):
        daemon.serve()
        scep = ScepSite(Site(daemon, zone, 0, 0), tmp_path)
        live = Live(scep, scep.authorities()[2])
        for number, digest in enumerate((None, "sha1", "sha256", "sha512")):
            reply = live.enroll(ToCertificate(live.recipient(), oaep=digest), number)
            assert reply.status == "0", (digest, reply.text)
        forged = live.forged()
        refused = {
            (reply.status, reply.fail_info, reply.text)
            for number in range(10, 13)
            for digest in (None, "sha1", "sha256")
            for reply in (live.enroll(ToCertificate(forged, oaep=digest), number),)
        }
        assert refused == {("2", "2", "the message cannot be decrypted, or is not what its type says")}
        assert live.enroll(ToCertificate(live.recipient()), 20).status == "0"
        daemon.stop()


def test_a_ca_opens_messages_itself_with_a_key_made_for_it(zone: Zone, tmp_path: Path) -> None:
    """It is an RSA key that `emca-daemon key generate --decrypts` made."""
    with token_home(zone, tmp_path) as (daemon, _):
        daemon.done("key", "generate", "token:own", "--algorithm", "rsa-2048", "--decrypts")
        key = ("--key", "token:own", "--existing-key")
        daemon.done("ca", "create-sub", "own", "--parent", "demo-root", "--subject", "CN=EMCA Demo Own CA", *key)
        own = tmp_path / "own.pem"
        own.write_text(daemon.done("ca", "export", "own").out)
        daemon.serve()
        live = Live(ScepSite(Site(daemon, zone, 0, 0), tmp_path), own, "/own")
        for number, digest in enumerate((None, "sha256")):
            assert live.enroll(ToCertificate(live.recipient(), oaep=digest), number).status == "0"
        daemon.stop()


def test_a_token_that_cannot_decrypt_stops_the_start(zone: Zone, tmp_path: Path) -> None:
    """In one line that names the endpoint and the setting; SoftHSM2 offers no more than its settings tell."""
    with token_home(zone, tmp_path) as (daemon, token):
        with token.settings.open("a", encoding="utf-8") as file:
            file.write("slots.mechanisms = CKM_ECDSA,CKM_EC_KEY_PAIR_GEN,CKM_RSA_PKCS_KEY_PAIR_GEN\n")
        said = daemon.command("serve")
        assert said.code != 0
        assert "Traceback" not in said.error
        (line,) = [one for one in said.error.splitlines() if "scep.default: the signer `token`" in one]
        assert "offers neither CKM_RSA_PKCS nor CKM_RSA_X_509; name another one in `ra_signer`" in line
