"""Keys made for clients, and certificates that only the holder of a key can read."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from pyasn1.codec.der.encoder import encode

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cms_algorithms import CIPHERS
from emca_daemon.asn1.cms_decrypting import decrypt_with_key, decrypt_with_password
from emca_daemon.asn1.cms_enveloped import Enveloped, read_enveloped_data
from emca_daemon.asn1.cms_signed import read_certificate, read_signed_content, verify_signer
from emca_daemon.asn1.key_packages import KEY_PACKAGE
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.randomness import system_random
from tests.protocols.cmp.test_authentication import KEY, foreign
from tests.support import cmp_messages as build
from tests.support.certificates import key_usage
from tests.support.cmp_kem import DEVICE, KemClient, vendor
from tests.support.cmp_messages import Template
from tests.support.cmp_world import SECRET, Client, CmpWorld, Reply, enrolled, known, settings
from tests.support.cms_agreement import AgreementKey
from tests.support.cms_agreement import opened as opened_by_agreement
from tests.support.cms_kem import opened as opened_by_kem

ENCRYPTED = b"\x81\x01\x00"
EC_256 = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
EC_384 = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.3.132.0.34"))
RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
ED25519 = der.sequence(der.oid("1.3.101.112"))
SHA256_RSA = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint that makes keys."""
    return CmpWorld(settings(key_generation=("p-256", "rsa-2048", "ed25519")), vendors=[foreign()])


def template(public: bytes | None = None, subject: str = "CN=dev1.example") -> Template:
    """A template with these octets as the key; None: without any."""
    named = der.explicit(5, build.name(subject).public_bytes())
    return Template(None, None, extra=named + (b"" if public is None else b"\xa6" + public[1:]))


def wish(algorithm: bytes) -> Template:
    """A template that says of what kind the key should be."""
    return template(der.sequence(algorithm, b"\x03\x01\x00"))


def spki(key: Any) -> bytes:
    """The public half."""
    encoded: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def enveloped(reply: Reply, *path: str) -> Enveloped:
    """An EnvelopedData in the answer."""
    part = reply.body["response"][0]["certifiedKeyPair"]
    for name in path:
        part = part[name]
    return read_enveloped_data(cms.write_content_info(cms.ENVELOPED_DATA, _inner(encode(part))))


def _inner(tagged: bytes) -> bytes:
    """EnvelopedData with a tag of its own, of whatever is around it."""
    while tagged[0] & 0xE0 == 0xA0:
        start = 2 if tagged[1] < 0x80 else 2 + (tagged[1] & 0x7F)
        if tagged[start] == 0x02:
            return b"\x30" + tagged[1:]
        tagged = tagged[start:]
    return tagged


def package(world: CmpWorld, content: bytes) -> Any:
    """The key in a package, which an authority for keys has signed."""
    signed = read_signed_content(content)
    assert signed.content_type == KEY_PACKAGE
    (signer,) = signed.signers
    certificate = read_certificate(signed.certificates[0])
    certificates = [read_certificate(one) for one in signed.certificates]
    (authority,) = (one for one in certificates if "KGA" in one.subject.rfc4514_string())
    assert certificate in certificates
    purposes = authority.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in purposes] == ["1.3.6.1.5.5.7.3.32"]
    verify_signer(signed, signer, authority.public_key(), {"sha256"})
    assert signed.content is not None
    (key,) = sequence_parts(signed.content, "AsymmetricKeyPackage")
    assert world.key_authorities.current().certificate == authority
    return load_der_private_key(encoded(key), None)


def opened(message: Enveloped, certificate: x509.Certificate, key: Any) -> bytes:
    """What is in an envelope for a certificate."""
    recipient = message.recipient_for(certificate)
    assert recipient is not None
    return decrypt_with_key(message, recipient, key, ciphers=CIPHERS, random=system_random)


class RsaClient(Client):
    """A client that signs by an RSA key."""

    rsa_key = rsa.generate_private_key(65537, 2048)

    def written(self, tag: int, content: bytes) -> bytes:
        """A message, signed."""
        assert self.signer is not None
        certificate = self.signer[0]
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        parts = build.HeaderParts(
            now=self.world.ca.clock(),
            transaction_id=self.transaction_id,
            nonce=system_random(16),
            answered=self.answered,
            kid=identifier,
            algorithm=SHA256_RSA,
            sender=certificate.subject.rfc4514_string(),
        )
        header = parts.encoded()
        signature = self.rsa_key.sign(
            der.sequence(header, der.explicit(tag, content)), padding.PKCS1v15(), hashes.SHA256()
        )
        return build.message(header, tag, content, signature, certificate.public_bytes(Encoding.DER))


def by_rsa(world: CmpWorld) -> RsaClient:
    """A client with a certificate for an RSA key."""
    names = template(spki(RsaClient.rsa_key))
    client = world.client().with_header(information=(build.IMPLICIT,))
    body = der.sequence(build.request(names, proof=proof_by_rsa(names)))
    return RsaClient(world, signer=(client.send(0, body).certificate, KEY))


def proof_by_rsa(names: Template) -> bytes:
    """Proof of possession."""
    request = der.sequence(der.integer(0), names.encoded())
    signature = RsaClient.rsa_key.sign(request, padding.PKCS1v15(), hashes.SHA256())
    return der.explicit(1, SHA256_RSA + der.bit_string(signature))


def test_a_key_for_who_knows_a_secret(world: CmpWorld) -> None:
    """By the secret (PWRI); certificate and key fit, and are confirmed like any other."""
    client = world.client()
    reply = client.enroll(template(), proof=b"")
    assert (reply.type, reply.failure, int(reply.header["pvno"])) == ("ip", "", 3)
    message = enveloped(reply, "privateKey")
    key = package(world, decrypt_with_password(message, SECRET, ciphers=CIPHERS, random=system_random))
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == reply.certificate.public_key()
    assert client.confirm(reply.certificate).type == "pkiconf"
    again = world.client().enroll(template(), proof=b"").certificate
    assert again.public_key() != reply.certificate.public_key()


@pytest.mark.parametrize("tag", [2, 7])
def test_a_key_for_who_signs_by_a_curve(world: CmpWorld, tag: int) -> None:
    """By agreement with the certificate that signs (KARI), also in an update."""
    client = enrolled(world, Template("CN=dev1.example"))
    assert client.signer is not None
    reply = client.enroll(template(), tag, proof=b"")
    assert reply.failure == ""
    key = package(world, opened(enveloped(reply, "privateKey"), *client.signer))
    assert key.public_key() == reply.certificate.public_key()


def test_a_key_for_who_signs_by_rsa(world: CmpWorld) -> None:
    """Encrypted to the certificate that signs (KTRI, OAEP)."""
    client = by_rsa(world)
    assert client.signer is not None
    reply = client.enroll(template(), 2, proof=b"")
    assert reply.failure == ""
    key = package(world, opened(enveloped(reply, "privateKey"), client.signer[0], client.rsa_key))
    assert key.public_key() == reply.certificate.public_key()


@pytest.mark.parametrize("kind", [mlkem.MLKEM768PrivateKey, mlkem.MLKEM1024PrivateKey])
def test_a_key_for_who_encapsulates(kind: type[mlkem.MLKEM768PrivateKey] | type[mlkem.MLKEM1024PrivateKey]) -> None:
    """Encapsulated to the certificate by which the sender is known (KEMRI)."""
    world = CmpWorld(settings(key_generation=("p-256",)), vendors=[vendor()])
    world.people.devices[DEVICE] = known(DEVICE)
    client = KemClient(world, kind.generate())
    assert client.ask().type == "genp"
    reply = client.send(0, der.sequence(build.request(template(subject=DEVICE), proof=b"")))
    assert (reply.type, reply.failure, int(reply.header["pvno"])) == ("ip", "", 3)
    envelope = _inner(encode(reply.body["response"][0]["certifiedKeyPair"]["privateKey"]))
    key = package(world, opened_by_kem(envelope, client.key))
    assert key.public_key() == reply.certificate.public_key()


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [(EC_256, ec.EllipticCurvePublicKey), (RSA, rsa.RSAPublicKey), (ED25519, ed25519.Ed25519PublicKey)],
)
def test_wishes(world: CmpWorld, algorithm: bytes, kind: type) -> None:
    """Are fulfilled with the first kind that is as wished."""
    reply = world.client().enroll(wish(algorithm), proof=b"")
    assert reply.failure == ""
    assert isinstance(reply.certificate.public_key(), kind)


def test_what_is_refused(world: CmpWorld) -> None:
    """Other kinds, a proof for what is not there yet, a certificate to which nothing is encrypted."""
    assert world.client().enroll(wish(EC_384), proof=b"").failure == "badCertTemplate"
    assert world.client().enroll(template(), proof=der.explicit(3, ENCRYPTED)).failure == "badPOP"
    world.people.devices["station-7"] = known()
    signing_only = world.client(signer=(foreign(), KEY))
    assert signing_only.enroll(template(None, "CN=station-7"), proof=b"").failure == "notAuthorized"
    slow = world.client(place={"label": "slow"})
    assert slow.enroll(template(), proof=b"").failure == "notAuthorized"
    slow = world.client(place={"label": "slow"})
    assert slow.enroll(Template(key=KEY), proof=der.explicit(3, ENCRYPTED)).failure == "notAuthorized"


def test_a_key_without_a_package() -> None:
    """As OpenSSL wants it."""
    world = CmpWorld(settings(key_generation=("p-256",), key_packages=False))
    reply = world.client().enroll(template(), proof=b"")
    message = enveloped(reply, "privateKey")
    content = decrypt_with_password(message, SECRET, ciphers=CIPHERS, random=system_random)
    signed = read_signed_content(content).content
    assert signed is not None
    assert load_der_private_key(signed, None).public_key() == reply.certificate.public_key()


def test_where_no_keys_are_made() -> None:
    """BadCertTemplate."""
    assert CmpWorld().client().enroll(template(), proof=b"").failure == "badCertTemplate"


@pytest.mark.parametrize("tag", [2, 3])
def test_a_certificate_for_its_holder_alone(world: CmpWorld, tag: int) -> None:
    """For keys that do not sign: what can be decrypted is confirmed, even where that is not wanted by the client."""
    key: Any = rsa.generate_private_key(65537, 2048) if tag == 2 else ec.generate_private_key(ec.SECP256R1())
    client = world.client().with_header(information=(build.IMPLICIT,))
    reply = client.enroll(template(spki(key)), proof=der.explicit(tag, ENCRYPTED))
    assert (reply.failure, reply.information) == ("", ["1.3.6.1.5.5.7.4.14"])
    message = enveloped(reply, "certOrEncCert", "encryptedCert")
    with world.ca.store.reading() as tx:
        (record, *_) = tx.certificates.find_by_key(hashed(spki(key)))
    assert record.der is not None
    assert record.der not in reply.data
    certificate = x509.load_der_x509_certificate(record.der)
    assert opened(message, certificate, key) == record.der
    client.changes = {}
    assert client.confirm(certificate).type == "pkiconf"
    assert world.status_of(certificate) == "good"


def hashed(data: bytes) -> bytes:
    """SHA-256."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize()


def test_whoever_cannot_decrypt_confirms_nothing(world: CmpWorld) -> None:
    """badCertId, and the certificate is revoked."""
    key = ec.generate_private_key(ec.SECP256R1())
    client = world.client()
    client.enroll(template(spki(key)), proof=der.explicit(3, ENCRYPTED))
    assert client.confirm(foreign()).failure == "badCertId"
    with world.ca.store.reading() as tx:
        (record, *_) = tx.certificates.find_by_key(hashed(spki(key)))
    assert record.revocation is not None


def test_keys_to_which_nothing_is_encrypted(world: CmpWorld) -> None:
    """BadPOP for those that only sign; badCertTemplate for what cannot be read, or is not in the profile."""
    proof = der.explicit(2, ENCRYPTED)
    signing = spki(ed25519.Ed25519PrivateKey.generate())
    assert world.client().enroll(template(signing), proof=proof).failure == "badPOP"
    broken = der.sequence(EC_256, der.bit_string(b"\x04"))
    assert world.client().enroll(template(broken), proof=proof).failure == "badCertTemplate"
    agreeing = spki(x25519.X25519PrivateKey.generate())
    assert world.client().enroll(template(agreeing), proof=proof).failure == "badCertTemplate"


WITHOUT_SIGNATURES = [
    (x25519.X25519PrivateKey, "key_agreement"),
    (x448.X448PrivateKey, "key_agreement"),
    (mlkem.MLKEM768PrivateKey, "key_encipherment"),
    (mlkem.MLKEM1024PrivateKey, "key_encipherment"),
]


def opened_elsewhere(reply: Reply, key: Any) -> bytes:
    """The certificate in an answer, decrypted by another decoder than ours."""
    envelope = _inner(encode(reply.body["response"][0]["certifiedKeyPair"]["certOrEncCert"]["encryptedCert"]))
    return opened_by_agreement(envelope, key) if isinstance(key, AgreementKey) else opened_by_kem(envelope, key)


@pytest.mark.parametrize("tag", [2, 3])
@pytest.mark.parametrize(("kind", "usage"), WITHOUT_SIGNATURES)
def test_a_certificate_for_a_key_that_cannot_sign(world: CmpWorld, kind: Any, usage: str, tag: int) -> None:
    """X25519, X448, ML-KEM: who decrypts the certificate has it, for that one usage, by its hash in the certConf."""
    key = kind.generate()
    client = world.client(place={"label": "encryption"}).with_header(information=(build.IMPLICIT,))
    reply = client.enroll(template(spki(key)), proof=der.explicit(tag, ENCRYPTED))
    assert (reply.failure, reply.information, int(reply.header["pvno"])) == ("", ["1.3.6.1.5.5.7.4.14"], 3)
    certificate = x509.load_der_x509_certificate(opened_elsewhere(reply, key))
    assert certificate.public_bytes(Encoding.DER) not in reply.data
    assert certificate.public_key() == key.public_key()
    given = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert given.critical
    assert given.value.public_bytes() == key_usage(usage).public_bytes()
    client.changes = {}
    assert client.confirm(certificate).type == "pkiconf"
    assert world.status_of(certificate) == "good"


@pytest.mark.parametrize(("kind", "usage"), WITHOUT_SIGNATURES)
def test_a_key_that_cannot_sign_and_nobody_who_decrypts(world: CmpWorld, kind: Any, usage: str) -> None:
    """BadCertId for another hash, and what was issued is revoked."""
    key = kind.generate()
    client = world.client(place={"label": "encryption"})
    assert client.enroll(template(spki(key)), proof=der.explicit(2, ENCRYPTED)).failure == ""
    assert client.confirm(foreign()).failure == "badCertId"
    with world.ca.store.reading() as tx:
        (record, *_) = tx.certificates.find_by_key(hashed(spki(key)))
    assert record.revocation is not None


@pytest.mark.parametrize(
    ("usage", "failure"),
    [
        (b"\x03\x02\x07\x80", "unacceptedExtension"),
        (b"\x03\x02\x03\x88", "unacceptedExtension"),
        (b"\x03\x02\x05\x20", "unacceptedExtension"),
        (b"\x03\x02\x03\x08", ""),
    ],
)
def test_usages_asked_for_an_x25519_key(world: CmpWorld, usage: bytes, failure: str) -> None:
    """Signatures, or encipherment, are refused; key agreement is what it gets anyway."""
    asked = der.explicit(9, der.extension(der.oid("2.5.29.15"), usage))
    wanted = template(spki(x25519.X25519PrivateKey.generate()))
    wanted = replace(wanted, extra=wanted.extra + asked)
    client = world.client(place={"label": "encryption"})
    assert client.enroll(wanted, proof=der.explicit(3, ENCRYPTED)).failure == failure


@pytest.mark.parametrize(("kind", "usage"), WITHOUT_SIGNATURES)
def test_other_proofs_for_a_key_that_cannot_sign(world: CmpWorld, kind: Any, usage: str) -> None:
    """BadPOP: none, a signature of another key, agreeMAC, encryptedKey; raVerified is for authorities."""
    wanted = template(spki(kind.generate()))
    client = world.client(place={"label": "encryption"})
    signature = der.explicit(1, build.EC_SHA256 + der.bit_string(KEY.sign(b"x", ec.ECDSA(hashes.SHA256()))))
    for proof in (b"", signature, b"\xa3\x02\xa3\x00", b"\xa2\x02\xa4\x00"):
        assert client.renewed().enroll(wanted, proof=proof).failure == "badPOP"
    assert client.renewed().enroll(wanted, proof=b"\x80\x00").failure == "notAuthorized"
