"""Proofs by keys that do not sign, in the request itself."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from emca_daemon.asn1 import der
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword
from tests.support import cmp_messages as build
from tests.support.cmp_envelopes import encrypted_key
from tests.support.cmp_messages import Template
from tests.support.cmp_world import SECRET, Client, CmpWorld, Reply, enrolled

SUBJECT = "CN=dev1"
DIRECTORY_NAME = der.explicit(4, build.name(SUBJECT).public_bytes())


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def spki(key: Any) -> bytes:
    """The public half."""
    encoded: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def ask(client: Client, key: Any, proof: bytes, subject: str = SUBJECT) -> Reply:
    """Ir for a key that does not sign."""
    named = der.explicit(5, build.name(subject).public_bytes())
    return client.renewed().enroll(Template(None, None, extra=named + b"\xa6" + spki(key)[1:]), proof=proof)


def certificate_request(key: Any) -> bytes:
    """What `ask` asks for, as it is proved."""
    named = der.explicit(5, build.name(SUBJECT).public_bytes())
    return der.sequence(der.integer(0), der.sequence(named, b"\xa6" + spki(key)[1:]))


def dh_based(one_way: str = "2.16.840.1.101.3.4.2.1", mac: bytes = build.HMAC_SHA256) -> bytes:
    """The AlgorithmIdentifier of DHBasedMac."""
    return der.sequence(der.oid("1.2.840.113533.7.66.30"), der.sequence(der.sequence(der.oid(one_way)), mac))


def agreed(algorithm: bytes, value: bytes, tag: int = 3) -> bytes:
    """AgreeMAC."""
    return der.explicit(tag, b"\xa3" + der.sequence(algorithm, der.bit_string(value))[1:])


def shared_with(world: CmpWorld, key: ec.EllipticCurvePrivateKey) -> bytes:
    """What a client computes from its key and the responder's certificate."""
    public = world.signers.current().certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return key.exchange(ec.ECDH(), public)


def test_a_mac_by_the_secret_that_two_keys_share(world: CmpWorld) -> None:
    """By DHBasedMac as RFC 9810 5.1.3.2 has it, or PasswordBasedMac with that secret in the place of a password."""
    key = ec.generate_private_key(ec.SECP256R1())
    shared, asked = shared_with(world, key), certificate_request(key)
    mac = hmac.digest(hashlib.sha256(shared).digest(), asked, "sha256")
    reply = ask(world.client(), key, agreed(dh_based(), mac))
    assert (reply.type, reply.failure) == ("ip", "")
    assert reply.certificate.public_key() == key.public_key()
    by_password = hmac.digest(build.mac_key(shared), asked, "sha1")
    assert ask(world.client(), key, agreed(build.password_based(), by_password)).failure == ""


def test_macs_that_prove_nothing(world: CmpWorld) -> None:
    """BadPOP: another secret or request, no MAC, another curve or kind of key, unknown algorithms, the wrong place."""
    key = ec.generate_private_key(ec.SECP256R1())
    right = hmac.digest(hashlib.sha256(shared_with(world, key)).digest(), certificate_request(key), "sha256")
    other = ec.generate_private_key(ec.SECP384R1())
    x = x25519.X25519PrivateKey.generate()
    for asked, proof in (
        (key, agreed(dh_based(), bytes(32))),
        (ec.generate_private_key(ec.SECP256R1()), agreed(dh_based(), right)),
        (key, agreed(dh_based(), right, tag=2)),
        (key, agreed(dh_based("1.2.3"), right)),
        (key, agreed(der.sequence(der.oid("1.2.840.113533.7.66.30")), right)),
        (key, agreed(der.sequence(der.oid("1.2.3")), right)),
        (key, agreed(build.password_based(10_000_000), right)),
        (key, b"\xa3\x02\xa3\x00"),
        (key, der.explicit(3, b"\x82" + der.bit_string(right)[1:])),
        (other, agreed(dh_based(), right)),
        (x, agreed(dh_based(), right)),
        (ed25519.Ed25519PrivateKey.generate(), agreed(dh_based(), right)),
    ):
        reply = ask(world.client(), asked, proof)
        assert (reply.type, reply.failure) == ("ip", "badPOP")


def with_identifier(key: Any, identifier: bytes = DIRECTORY_NAME) -> bytes:
    """EncKeyWithID."""
    return der.sequence(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), identifier)


def sent(content: bytes, recipient: ToPassword | ToCertificate | None = None, tag: int = 2) -> bytes:
    """EncryptedKey."""
    envelope = encrypted_key(recipient or ToPassword(SECRET), None, content)
    return der.explicit(tag, b"\xa4" + envelope[1:])


@pytest.mark.parametrize("tag", [2, 3])
@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        x25519.X25519PrivateKey.generate(),
        x448.X448PrivateKey.generate(),
        mlkem.MLKEM768PrivateKey.generate(),
    ],
    ids=["rsa", "p-256", "x25519", "x448", "ml-kem-768"],
)
def test_the_key_itself_in_an_envelope_for_the_secret(world: CmpWorld, key: Any, tag: int) -> None:
    """Whoever shows the key has it; the certificate comes as it is."""
    client = world.client(place={"label": "encryption"})
    reply = ask(client, key, sent(with_identifier(key), tag=tag))
    assert reply.failure == ""
    assert reply.certificate.public_key() == key.public_key()


def test_the_key_itself_in_an_envelope_for_the_responder(world: CmpWorld) -> None:
    """For who signs."""
    client, key = enrolled(world), ec.generate_private_key(ec.SECP256R1())
    recipient = ToCertificate(world.signers.current().certificate)
    assert ask(client, key, sent(with_identifier(key), recipient)).failure == ""
    assert ask(client, key, sent(with_identifier(key), ToPassword(SECRET))).failure == "badPOP"


def test_whose_key_it_is(world: CmpWorld) -> None:
    """The subject's or the sender's, as a name or as a text; anybody else's is badPOP, and so is nobody's."""
    key = ec.generate_private_key(ec.SECP256R1())
    other = der.explicit(4, build.name("CN=somebody").public_bytes())
    client = world.client().with_header(sender="CN=sender")
    sender = der.explicit(4, build.name("CN=sender").public_bytes())
    for identifier, failure in (
        (DIRECTORY_NAME, ""),
        (sender, ""),
        (der.tlv(0x0C, b"dev1"), ""),
        (der.tlv(0x0C, b"sender"), ""),
        (der.tlv(0x0C, b"somebody"), "badPOP"),
        (other, "badPOP"),
        (der.implicit(2, b"dev1"), "badPOP"),
        (b"", "badPOP"),
    ):
        assert ask(client, key, sent(with_identifier(key, identifier))).failure == failure


def test_keys_that_prove_nothing(world: CmpWorld) -> None:
    """BadPOP: another key, none, a wrong secret, what cannot be opened or read."""
    key = ec.generate_private_key(ec.SECP256R1())
    another = ec.generate_private_key(ec.SECP256R1())
    for proof in (
        sent(with_identifier(another)),
        sent(der.sequence(der.sequence(), DIRECTORY_NAME)),
        sent(b"no key"),
        sent(with_identifier(key), ToPassword(b"guessed")),
        der.explicit(2, b"\xa4\x00"),
        der.explicit(2, b"\xa4\x82\x00"),
        der.explicit(2, der.implicit(0, b"\x00this message")),
        der.explicit(2, b""),
    ):
        reply = ask(world.client(), key, proof)
        assert (reply.type, reply.failure) == ("ip", "badPOP")


def test_the_key_is_not_kept(world: CmpWorld) -> None:
    """Who approves later finds facts and no key."""
    key = ec.generate_private_key(ec.SECP256R1())
    reply = ask(world.client(place={"label": "slow"}), key, sent(with_identifier(key)))
    assert (reply.failure, int(reply.status["status"])) == ("", 3)
    with world.ca.store.reading() as tx:
        (request,) = tx.pending.list(None)
    assert f"{key.private_numbers().private_value:x}".encode() not in request.facts
