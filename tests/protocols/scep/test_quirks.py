"""Tests of emca_daemon.protocols.scep.quirks: what is documented of each family of clients."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.cms_signed import read_signed_data
from emca_daemon.asn1.pkcs10 import CHALLENGE_PASSWORD
from emca_daemon.protocols.scep.quirks import QUIRKS
from emca_daemon.settings.scep import QUIRKS as NAMES
from emca_daemon.settings.scep import ScepLegacySettings
from tests.support.scep_world import SECRET, Client, ScepWorld, settings


def capabilities(quirks: str) -> list[str]:
    """What GetCACaps lists."""
    return ScepWorld(settings(quirks=quirks)).ask("operation=GetCACaps").body.decode().splitlines()


def test_settings_and_profiles_have_the_same_names() -> None:
    """Each name stands for a profile."""
    assert set(NAMES) == set(QUIRKS)


@pytest.mark.parametrize("quirks", ["cisco-ios", "juniper"])
def test_clients_that_only_get_are_not_offered_post(quirks: str) -> None:
    """IOS and Junos use GET, whatever is offered; messages in wrapped base64 are answered."""
    assert "POSTPKIOperation" not in capabilities(quirks)
    assert "AES" in capabilities(quirks)


def test_cisco_ios_gets_its_own_digest_back() -> None:
    """It cannot verify SHA-256 where it signed with SHA-1 (where the switch is on), nor read another cipher."""
    legacy = ScepLegacySettings(sha1=True, triple_des=True)
    world = ScepWorld(settings(quirks="cisco-ios", legacy=legacy))
    client = Client(world, digest="sha1", cipher="des-ede3-cbc")
    reply = client.enroll()
    assert client.issued(reply)
    assert reply.signed.signers[0].digest == "sha1"


def test_cisco_ios_keeps_the_name_that_it_gave_itself() -> None:
    """Without `subject-name` that is its host name, beside the serial number if it was told so, and no common name."""
    host, number = (
        (x509.ObjectIdentifier("1.2.840.113549.1.9.2"), "r1.example.com"),
        (x509.NameOID.SERIAL_NUMBER, "FTX1"),
    )
    for parts in ((host,), (host, number)):
        name = x509.Name([x509.RelativeDistinguishedName([x509.NameAttribute(oid, value) for oid, value in parts])])
        client = Client(ScepWorld(settings(quirks="cisco-ios")))
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        builder = builder.add_attribute(x509.ObjectIdentifier(CHALLENGE_PASSWORD), SECRET)
        request = builder.sign(client.key, SHA256()).public_bytes(Encoding.DER)
        issued = client.issued(client.exchange(client.message(request)))
        assert issued.subject == name


def test_juniper_finds_the_ca_in_the_reply() -> None:
    """Signer, issuer and root are enclosed."""
    assert len(Client(ScepWorld(settings(quirks="juniper"))).enroll().signed.certificates) == 3


def test_apple_gets_one_certificate_to_choose_from() -> None:
    """The leaf alone in the envelope, no CA beside the signer, no root in GetCACert, and the capabilities it needs."""
    world = ScepWorld(settings(quirks="apple"))
    client = Client(world)
    reply = client.enroll()
    assert client.issued(reply)
    assert len(reply.signed.certificates) == 1
    assert len(read_signed_data(world.ask("operation=GetCACert").body).certificates) == 2
    assert {"AES", "SHA-256", "SHA-512", "POSTPKIOperation"} <= set(capabilities("apple"))


def test_windows_gets_the_full_chain() -> None:
    """As from NDES, in GetCACert and in replies; and it always sends a nonce."""
    world = ScepWorld(settings(quirks="windows-intune"))
    client = Client(world)
    assert len(client.enroll().signed.certificates) == 3
    assert len(read_signed_data(world.ask("operation=GetCACert").body).certificates) == 3
    reply = replace(client, nonce=None).enroll()
    assert (reply.status, reply.fail_info, reply.recipient_nonce) == ("2", "2", None)


def test_legacy_is_offered_words_of_the_drafts() -> None:
    """No capability that came with the RFC."""
    assert not {"SCEPStandard", "AES", "SHA-384"} & set(capabilities("legacy"))


def test_the_nonce_may_be_missing_elsewhere() -> None:
    """Then there is none to send back."""
    client = Client(ScepWorld(), nonce=None)
    reply = client.enroll()
    assert (reply.status, reply.recipient_nonce) == ("0", None)


def test_switches_of_the_endpoint_go_before_the_profile() -> None:
    """Both inclusion switches."""
    chosen = settings(quirks="juniper", include_ca_certificate=False, include_root=False)
    world = ScepWorld(chosen)
    assert len(Client(world).enroll().signed.certificates) == 1
    assert len(read_signed_data(world.ask("operation=GetCACert").body).certificates) == 2
