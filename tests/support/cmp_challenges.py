"""Clients with keys that decrypt: they ask for a challenge and answer it."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cms_algorithms import CIPHERS
from emca_daemon.asn1.cms_decrypting import decrypt_with_key
from emca_daemon.asn1.cms_enveloped import KeyAgreement, KeyTransport, read_enveloped_data
from emca_daemon.randomness import system_random
from tests.support import cmp_messages as build
from tests.support.cmp_kem import KemKey
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, Reply
from tests.support.cms_agreement import AgreementKey
from tests.support.cms_agreement import opened as opened_by_agreement
from tests.support.cms_kem import opened as opened_by_kem

CHALLENGE = {2: der.explicit(2, b"\x81\x01\x01"), 3: der.explicit(3, b"\x81\x01\x01")}
"""ProofOfPossession: keyEncipherment and keyAgreement, subsequentMessage, challengeResp."""


def asked(client: Client, key: Any, tag: int = 0, subject: str = "CN=dev1.example") -> Reply:
    """The answer to a request for a certificate for a key that decrypts."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    named = der.explicit(5, build.name(subject).public_bytes())
    return client.enroll(Template(None, None, extra=named + b"\xa6" + public[1:]), tag, proof=CHALLENGE[2])


def rand_of(reply: Reply, key: Any) -> Any:
    """The Rand in a challenge, decrypted and read by another library."""
    (challenge,) = reply.body
    content = bytes(challenge["challenge"])
    if content:
        return decode(key.decrypt(content, padding.PKCS1v15()), asn1Spec=rfc9810.Rand())[0]
    tagged = encode(challenge["encryptedRand"])
    enveloped = tagged[2 if tagged[1] < 0x80 else 2 + (tagged[1] & 0x7F) :]  # [0] EXPLICIT is before it
    if isinstance(key, KemKey):
        return decode(opened_by_kem(enveloped, key), asn1Spec=rfc9810.Rand())[0]
    if isinstance(key, AgreementKey):
        return decode(opened_by_agreement(enveloped, key), asn1Spec=rfc9810.Rand())[0]
    read = read_enveloped_data(cms.write_content_info(cms.ENVELOPED_DATA, enveloped))
    recipient = read.recipients[0]
    assert isinstance(recipient, KeyTransport | KeyAgreement)
    opened = decrypt_with_key(read, recipient, key, ciphers=CIPHERS, random=system_random)
    return decode(opened, asn1Spec=rfc9810.Rand())[0]


def number(reply: Reply, key: Any) -> bytes:
    """The number in a challenge, as an INTEGER in DER."""
    return bytes(encode(rand_of(reply, key)["int"]))


def answered(client: Client, *numbers: bytes) -> Reply:
    """The answer to a popdecr with these numbers."""
    return client.send(6, der.sequence(*numbers))
