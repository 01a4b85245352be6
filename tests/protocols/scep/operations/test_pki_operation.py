"""Tests of emca_daemon.protocols.scep.operations.pki_operation."""

from dataclasses import replace

import pytest

from emca_daemon.asn1.cms_decrypting import oaep_digest
from emca_daemon.asn1.cms_enveloped import read_enveloped_data
from emca_daemon.asn1.cms_enveloping import ToCertificate
from emca_daemon.protocols.scep import messages
from emca_daemon.settings.scep import ScepLegacySettings
from tests.support.scep_world import Client, ScepWorld, read_reply, settings


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc", "aes-256-gcm"])
def test_replies_are_in_the_algorithms_of_the_request(digest: str, cipher: str) -> None:
    """Digest and cipher are the client's."""
    client = Client(ScepWorld(), digest=digest, cipher=cipher)
    reply = client.enroll()
    assert client.issued(reply)
    assert reply.signed.signers[0].digest == digest
    assert read_enveloped_data(reply.content).cipher.name == cipher


@pytest.mark.parametrize(
    ("switch", "digest", "cipher"),
    [
        ("sha1", "sha1", "aes-128-cbc"),
        ("md5", "md5", "aes-128-cbc"),
        ("triple_des", "sha256", "des-ede3-cbc"),
        ("des", "sha256", "des-cbc"),
    ],
)
def test_what_is_broken_is_bad_alg_unless_switched_on(switch: str, digest: str, cipher: str) -> None:
    """Each by its own switch, the others do not help; the reply uses it, too."""
    others = {"sha1": True, "md5": True, "triple_des": True, "des": True, switch: False}
    for legacy in (ScepLegacySettings(), ScepLegacySettings(**others)):
        reply = Client(ScepWorld(settings(legacy=legacy)), digest=digest, cipher=cipher).enroll()
        assert (reply.status, reply.fail_info) == ("2", "0")
        assert "not allowed here" in reply.text
    client = Client(ScepWorld(settings(legacy=ScepLegacySettings(**{switch: True}))), digest=digest, cipher=cipher)
    reply = client.enroll()
    assert client.issued(reply)
    assert (reply.signed.signers[0].digest, read_enveloped_data(reply.content).cipher.name) == (digest, cipher)


def test_a_wrong_signature_is_bad_message_check() -> None:
    """Of the message itself."""
    world = ScepWorld()
    client = Client(world)
    message = bytearray(client.message(client.csr()))
    message[-1] ^= 1
    reply = client.exchange(bytes(message))
    assert (reply.status, reply.fail_info) == ("2", "1")
    assert world.refusals() == ["the signature is wrong"]


@pytest.mark.parametrize("kind", ["3", "18", "99"])
def test_types_that_no_client_sends_are_bad_requests(kind: str) -> None:
    """A reply, an old number, no number."""
    client = Client(ScepWorld())
    reply = client.exchange(client.message(client.csr(), kind))
    assert (reply.status, reply.fail_info) == ("2", "2")


def test_without_transaction_there_is_no_reply() -> None:
    """HTTP 400."""
    world = ScepWorld()
    client = Client(world)
    assert world.post(client.message(client.csr(), without=(messages.TRANSACTION_ID,))).status == 400


def test_replies_enclose_the_chain_where_wanted() -> None:
    """Beside the signature, never in the envelope."""
    world = ScepWorld(settings(include_ca_certificate=True))
    client = Client(world)
    reply = client.enroll()
    assert len(reply.signed.certificates) == 3
    assert client.issued(reply)


def test_odd_octets_in_a_transaction_are_sent_back() -> None:
    """As they were."""
    client = replace(Client(ScepWorld()), transaction_id=b"AbC+/=\xff")
    assert read_reply(client.world.post(client.message(client.csr())).body).transaction_id == b"AbC+/=\xff"


@pytest.mark.parametrize(
    ("asked", "sha1", "answered"),
    [
        (None, False, None),
        ("sha256", False, "sha256"),
        ("sha512", False, "sha512"),
        ("sha1", True, "sha1"),
        ("sha1", False, "sha256"),
    ],
)
def test_key_transport_is_that_of_the_request(asked: str | None, sha1: bool, answered: str | None) -> None:
    """OAEP is answered by OAEP, with its digest where that is allowed; PKCS #1 v1.5 by that."""
    world = ScepWorld(settings(legacy=ScepLegacySettings(sha1=sha1)))
    client = Client(world)
    reply = client.exchange(client.message(client.csr(), to=(ToCertificate(world.recipient(), oaep=asked),)))
    assert client.issued(reply)
    assert oaep_digest(read_enveloped_data(reply.content)) == answered
