"""Answers as messages."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyasn1.codec.der.encoder import encode

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import read_message
from emca_daemon.asn1.values import algorithm
from emca_daemon.protocols.cmp.macs import verify
from tests.support import cmp_messages as build
from tests.support.ca_world import START
from tests.support.cmp_world import CmpWorld, enrolled, settings


def test_every_answer_repeats_its_request() -> None:
    """Version, transaction, nonce, and who asked; its own nonce is fresh, its time now."""
    world = CmpWorld()
    client = world.client().with_header(pvno=3, nonce=bytes(range(16)))
    reply = client.enroll()
    assert reply.header["pvno"] == 3
    assert reply.octets("transactionID") == client.transaction_id
    assert reply.octets("recipNonce") == bytes(range(16))
    assert len(reply.octets("senderNonce")) == 16
    assert str(reply.header["messageTime"]) == f"{START:%Y%m%d%H%M%S}Z"
    assert encode(reply.header["recipient"]["directoryName"][0]) == build.name("CN=dev1").public_bytes()
    assert reply.octets("senderNonce") != world.client().enroll().octets("senderNonce")


def test_by_the_secret_of_the_request() -> None:
    """The same algorithm with another salt, the same reference, a right MAC."""
    world = CmpWorld()
    reply = world.client().enroll()
    assert (reply.algorithm, reply.octets("senderKID")) == ("1.2.840.113533.7.66.13", b"dev1")
    message = read_message(reply.data)
    protection = message.header.protection_algorithm
    assert protection is not None
    assert verify(protection, b"insta", message.protected, message.protection or b"", 1000)
    assert protection.encoded() != build.password_based()


@pytest.mark.parametrize(
    "protection",
    [
        build.pbmac1(),
        build.pbmac1(mac=der.sequence(der.oid("2.16.840.1.101.3.4.2.19"))),
        der.sequence(der.oid("1.2.840.113549.2.9")),
        der.sequence(der.oid("2.16.840.1.101.3.4.2.19")),
        der.sequence(der.oid("2.16.840.1.101.3.4.2.20")),
        der.sequence(der.oid("2.16.840.1.101.3.4.1.49"), der.sequence(der.octet_string(b"twelve octet"))),
    ],
)
def test_by_every_other_mac(protection: bytes) -> None:
    """An ir and its certConf by PBMAC1, HMAC, KMAC or AES-GMAC are answered by the same, with another salt or nonce."""
    world, secret = CmpWorld(), bytes(range(32))
    world.people.key = secret
    client = world.client(secret=secret, protection=protection)
    reply = client.enroll()
    assert reply.type == "ip"
    message = read_message(reply.data)
    answered = message.header.protection_algorithm
    assert answered is not None
    assert answered.oid == algorithm(protection).oid
    assert answered.encoded() != protection or answered.parameters is None
    assert verify(answered, secret, message.protected, message.protection or b"", 1000)
    assert client.confirm(reply.certificate).type == "pkiconf"
    wrong = world.client(secret=b"wrong".ljust(32), protection=protection).enroll()
    assert (wrong.type, wrong.failure, wrong.is_protected) == ("error", "badMessageCheck", False)


def test_by_the_responder() -> None:
    """Its certificate first, with the purpose cmcCA; the chain behind it; the root only where that is wanted."""
    for root in (False, True):
        world = CmpWorld(settings(root_in_extra_certs=root))
        message = read_message(enrolled(world).enroll(tag=2).data)
        certificates = [x509.load_der_x509_certificate(one) for one in message.certificates]
        key = certificates[0].public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(message.protection or b"", message.protected, ec.ECDSA(hashes.SHA256()))
        purposes = certificates[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert [purpose.dotted_string for purpose in purposes] == ["1.3.6.1.5.5.7.3.27"]
        certificates[0].verify_directly_issued_by(certificates[1])
        assert any(one.issuer == one.subject for one in certificates) == root
        assert len(certificates) == len(set(certificates))


def test_bare_errors_say_what_is_known() -> None:
    """The version is one that we speak."""
    reply = CmpWorld().client().with_header(pvno=9, algorithm=None).send(0, der.sequence())
    assert (reply.type, int(reply.header["pvno"]), reply.is_protected) == ("error", 3, False)
