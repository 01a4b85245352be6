"""rr."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der
from emca_daemon.policy.keys import key_fingerprint
from tests.support import cmp_messages as build
from tests.support.ca_world import BY
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, Reply, enrolled, settings


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


@pytest.fixture(scope="module")
def authority(world: CmpWorld) -> Client:
    """A registration authority."""
    return enrolled(world, Template("CN=RA"), label="ra")


def details(
    certificate: x509.Certificate, *, issuer: bool = True, serial: bool = True, more: bytes = b"", first: bytes = b""
) -> bytes:
    """CertTemplate of a certificate."""
    octets = der.integer(certificate.serial_number)[1:]
    return der.sequence(
        first,
        b"\x81" + octets if serial else b"",
        der.explicit(3, certificate.issuer.public_bytes()) if issuer else b"",
        more,
    )


def reason(value: bytes) -> bytes:
    """The extension reasonCode."""
    return der.extension(der.oid("2.5.29.21"), value)


def order(client: Client, template: bytes, *extensions: bytes) -> Reply:
    """Rr about one certificate."""
    entry = der.sequence(*extensions) if extensions else b""
    return client.renewed().send(11, der.sequence(der.sequence(template, entry)))


def own(client: Client) -> x509.Certificate:
    """The certificate that a client signs with."""
    assert client.signer is not None
    return client.signer[0]


def test_by_its_holder(world: CmpWorld) -> None:
    """Rp accepted; then the signer is revoked, which is said in an rp, too (RFC 9483 4.2)."""
    client = enrolled(world)
    assert (order(client, details(own(client))).type, world.status_of(own(client))) == ("rp", "UNSPECIFIED")
    reply = order(client, details(own(client)))
    assert (reply.type, reply.failure, reply.is_protected) == ("rp", "certRevoked", True)


def test_who_is_on_hold_revives_nothing(world: CmpWorld) -> None:
    """CertRevoked: whoever has the key may be the reason for the hold."""
    client = enrolled(world)
    assert order(client, details(own(client)), reason(b"\x0a\x01\x06")).failure == ""
    assert order(client, details(own(client)), reason(b"\x0a\x01\x08")).failure == "certRevoked"
    assert world.status_of(own(client)) == "CERTIFICATE_HOLD"


@pytest.mark.parametrize("by_holder", [True, False])
def test_a_compromised_key_is_blocked(world: CmpWorld, authority: Client, by_holder: bool) -> None:
    """Whether its holder says so or a registration authority: nobody gets a certificate for it any more."""
    client = enrolled(world)
    key = key_fingerprint(own(client).public_key())
    order(client if by_holder else authority, details(own(client)), reason(b"\x0a\x01\x01"))
    with world.ca.store.reading() as tx:
        assert tx.certificates.key_uses(key, "").blocked


def test_by_an_authority(world: CmpWorld, authority: Client) -> None:
    """Hold, revive, revoke with a date; then certRevoked."""
    certificate = own(enrolled(world))
    date = der.extension(der.oid("2.5.29.24"), der.generalized_time(world.ca.clock()))
    for extensions, status, said in (
        ((reason(b"\x0a\x01\x06"),), "CERTIFICATE_HOLD", "revoked until"),
        ((reason(b"\x0a\x01\x08"),), "good", "revived"),
        ((reason(b"\x0a\x01\x01"), date), "KEY_COMPROMISE", "revoked"),
    ):
        reply = order(authority, details(certificate), *extensions)
        assert (reply.failure, world.status_of(certificate)) == ("", status)
        assert said in str(reply.status["statusString"][0])
    assert order(authority, details(certificate)).failure == "certRevoked"
    assert order(authority, details(certificate), reason(b"\x0a\x01\x08")).failure == "badCertId"


def test_what_has_expired_is_not_revoked() -> None:
    """CertRevoked (RFC 9483 4.2)."""
    world = CmpWorld()
    until = der.explicit(1, der.generalized_time(world.ca.clock() + timedelta(days=2)))
    certificate = own(enrolled(world, Template(validity=until)))
    authority = enrolled(world, Template("CN=RA"), label="ra")
    world.ca.clock.advance(days=3)
    world.signers.renew(replace(BY, protocol="daemon"))
    reply = order(authority, details(certificate))
    assert (reply.type, reply.failure) == ("rp", "certRevoked")


def test_nobody_else(world: CmpWorld) -> None:
    """NotAuthorized."""
    assert order(enrolled(world), details(own(enrolled(world)))).failure == "notAuthorized"


@pytest.mark.parametrize(
    ("extensions", "failure"),
    [
        ((reason(b"\x0a\x01\x07"),), "badDataFormat"),
        ((reason(b"\x0a\x01\x63"),), "badDataFormat"),
        ((reason(der.NULL),), "badDataFormat"),
        ((reason(b"\x0a\x01\x01"), reason(b"\x0a\x01\x08")), "badRequest"),
        ((der.extension(der.oid("2.5.29.24"), der.NULL),), "badDataFormat"),
        ((reason(b"\x0a\x01\x08"),), "badCertId"),
        ((der.extension(der.oid("1.2.3.4"), der.NULL, critical=True),), "unacceptedExtension"),
    ],
)
def test_reasons_and_dates(world: CmpWorld, extensions: tuple[bytes, ...], failure: str) -> None:
    """In an rp."""
    client = enrolled(world)
    reply = order(client, details(own(client)), *extensions)
    assert (reply.type, reply.failure, world.status_of(own(client))) == ("rp", failure, "good")


def test_certificates_must_be_described_rightly(world: CmpWorld) -> None:
    """BadCertId for everything that is not so."""
    client = enrolled(world)
    other = own(enrolled(world))
    subject = der.explicit(5, build.name("CN=else").public_bytes())
    other_key = other.public_key()
    key = b"\xa6" + other_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)[1:]
    wrong_extension = der.explicit(9, build.san("b.example"))
    for template in (
        details(own(client), more=subject),
        details(own(client), more=key),
        details(own(client), more=wrong_extension),
        der.sequence(b"\x81\x01\x07", der.explicit(3, own(client).issuer.public_bytes())),
        der.sequence(b"\x81\x01\x07", der.explicit(3, build.name("CN=Other CA").public_bytes())),
    ):
        assert order(client, template).failure == "badCertId"
    assert order(client, details(own(client), first=b"\x80\x01\x01")).failure == "badRequest"


def test_what_is_missing(world: CmpWorld) -> None:
    """Without serial number and key: addInfoNotAvailable; without issuer it is the endpoint's, unless it is strict."""
    client = enrolled(world)
    assert order(client, details(own(client), serial=False)).failure == "addInfoNotAvailable"
    assert order(client, details(own(client), issuer=False)).failure == ""
    strict = enrolled(CmpWorld(settings(strict=True)))
    assert order(strict, details(own(strict), issuer=False)).failure == "addInfoNotAvailable"


def test_by_the_key_alone(world: CmpWorld, authority: Client) -> None:
    """As OpenSSL asks with a PKCS #10; a key that nobody has is badCertId."""
    certificate = own(enrolled(world))
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    template = details(certificate, serial=False, more=b"\xa6" + key[1:])
    assert order(authority, template).failure == ""
    assert world.status_of(certificate) == "UNSPECIFIED"
    assert order(authority, template).failure == "certRevoked"
    unknown = Template(None).encoded()
    assert order(authority, unknown).failure == "badCertId"


def test_while_an_update_is_not_confirmed(world: CmpWorld) -> None:
    """BadRequest."""
    client = enrolled(world)
    client.enroll(tag=7)
    assert order(client, details(own(client))).failure == "badRequest"


def test_one_in_a_message_and_once(world: CmpWorld) -> None:
    """BadRequest for two; a replay is transactionIdInUse."""
    client = enrolled(world)
    one = der.sequence(details(own(client)))
    assert client.send(11, der.sequence(one, one)).failure == "badRequest"
    authority = enrolled(world, Template("CN=RA"), label="ra")
    held = der.sequence(details(own(client)), der.sequence(reason(b"\x0a\x01\x06")))
    assert authority.send(11, der.sequence(held)).failure == ""
    authority.answered = None
    assert authority.send(11, der.sequence(held)).failure == "transactionIdInUse"
