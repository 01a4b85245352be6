"""certConf."""

import hashlib
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.ca.records import RevocationReason
from tests.protocols.cmp.operations.test_enrollment import csr
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING
from tests.support.cmp_world import Client, CmpWorld, settings

REJECTED = der.sequence(der.integer(2))
FAILED_YET_ACCEPTED = der.sequence(der.integer(0), b"\x03\x02\x05\x20")
WAITING = der.sequence(der.integer(3))
SHA512 = der.explicit(0, der.sequence(der.oid("2.16.840.1.101.3.4.2.3")))


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def opened(world: CmpWorld, pvno: int = 2) -> tuple[Client, x509.Certificate]:
    """A client with a certificate to be confirmed."""
    client = world.client().with_header(pvno=pvno)
    return client, client.enroll().certificate


def test_accepted_once(world: CmpWorld) -> None:
    """pkiconf; a second time certConfirmed."""
    client, certificate = opened(world)
    assert client.confirm(certificate).type == "pkiconf"
    assert client.confirm(certificate).failure == "certConfirmed"
    assert world.status_of(certificate) == "good"


def test_accepted_in_so_many_words(world: CmpWorld) -> None:
    """Status accepted, or granted with modifications."""
    for status in (0, 1):
        client, certificate = opened(world)
        assert client.confirm(certificate, status=der.sequence(der.integer(status))).type == "pkiconf"
        assert world.status_of(certificate) == "good"


def test_rejected(world: CmpWorld) -> None:
    """pkiconf; the certificate is withdrawn. An empty content rejects all of them."""
    client, certificate = opened(world)
    assert client.confirm(certificate, status=REJECTED).type == "pkiconf"
    assert world.status_of(certificate) == "CESSATION_OF_OPERATION"
    client, certificate = opened(world)
    assert client.send(24, der.sequence()).type == "pkiconf"
    assert world.status_of(certificate) == "CESSATION_OF_OPERATION"


def test_what_does_not_fit_ends_the_transaction(world: CmpWorld) -> None:
    """And withdraws the certificate."""
    one = der.sequence(der.octet_string(b"wrong"), der.integer(0))
    for content, failure in (
        (der.sequence(one), "badCertId"),
        (der.sequence(one, one), "badRequest"),
        (der.sequence(der.NULL), "badDataFormat"),
    ):
        client, certificate = opened(world)
        assert client.send(24, content).failure == failure
        assert world.status_of(certificate) == "CESSATION_OF_OPERATION"
    for more, failure in (
        ({"request_id": 1}, "badRequest"),
        ({"status": FAILED_YET_ACCEPTED}, "badRequest"),
        ({"more": SHA512}, "badCertId"),
        ({"status": WAITING}, "badRequest"),
    ):
        client, certificate = opened(world)
        assert client.confirm(certificate, **more).failure == failure
        assert world.status_of(certificate) == "CESSATION_OF_OPERATION"


def test_what_was_withdrawn_is_not_said_to_be_confirmed(world: CmpWorld) -> None:
    """CertRevoked, whether the content did not fit or the time was over."""
    client, certificate = opened(world)
    assert client.confirm(certificate, request_id=1).failure == "badRequest"
    client, certificate = opened(world)
    world.ca.clock.advance(minutes=6)
    world.expiry.run()
    late = client.confirm(certificate)
    assert (late.type, late.failure, late.is_protected) == ("error", "certRevoked", True)


def test_a_pkcs10_may_be_called_by_the_id_0(world: CmpWorld) -> None:
    """As clients of RFC 4210's time call it; a strict endpoint knows -1 alone, and no other id is right."""
    strict = CmpWorld(settings(strict=True))
    for endpoint, request_id, failure in ((world, 0, ""), (world, 1, "badRequest"), (strict, 0, "badRequest")):
        client = endpoint.client()
        certificate = client.send(4, csr()).certificate
        reply = client.confirm(certificate, request_id=request_id)
        assert reply.type == ("error" if failure else "pkiconf")
        assert not failure or reply.failure == failure


def test_version_3_may_name_the_hash(world: CmpWorld) -> None:
    """Of those known here."""
    for oid, hash_name, expected in (
        ("2.16.840.1.101.3.4.2.3", "sha512", "pkiconf"),
        ("2.16.840.1.101.3.4.2.8", "sha3_256", "pkiconf"),
        ("1.3.14.3.2.26", "sha1", "error"),
    ):
        client, certificate = opened(world, 3)
        digest = hashlib.new(hash_name, certificate.public_bytes(Encoding.DER)).digest()
        algorithm = der.explicit(0, der.sequence(der.oid(oid)))
        one = der.sequence(der.octet_string(digest), der.integer(0), algorithm)
        assert client.send(24, der.sequence(one)).type == expected


def test_after_an_implicit_confirmation(world: CmpWorld) -> None:
    """CertConfirmed."""
    client = world.client()
    asking = client.with_header(information=(build.IMPLICIT,))
    certificate = asking.enroll().certificate
    client.answered = asking.answered
    assert client.confirm(certificate).failure == "certConfirmed"


def test_before_there_is_anything(world: CmpWorld) -> None:
    """badRequest, while a person has yet to approve."""
    client = world.client(place={"label": "slow"})
    client.enroll()
    assert client.send(24, der.sequence()).failure == "badRequest"


def test_a_certificate_revoked_meanwhile(world: CmpWorld) -> None:
    """Is rejected without a fault, and stays as it is."""
    client, certificate = opened(world)
    with world.ca.store.reading() as tx:
        record = tx.cmp.get("main", client.transaction_id or b"")
    assert record is not None
    assert record.serial is not None
    world.ca.revoking.revoke(ISSUING, record.serial, RevocationReason.KEY_COMPROMISE, BY)
    assert client.confirm(certificate, status=REJECTED).type == "pkiconf"
    assert world.status_of(certificate) == "KEY_COMPROMISE"


@pytest.mark.parametrize(
    ("algorithm", "hash_name"), [("ed25519", "sha512"), ("ml-dsa-65", "sha384"), ("p-384", "sha384")]
)
def test_the_hash_is_that_of_the_signature(algorithm: str, hash_name: str) -> None:
    """Ed25519 has SHA-512 for it (RFC 9481 3.3)."""
    world = CmpWorld(settings(), algorithm=algorithm)
    client, certificate = opened(world)
    digest = hashlib.new(hash_name, certificate.public_bytes(Encoding.DER)).digest()
    assert client.send(24, der.sequence(der.sequence(der.octet_string(digest), der.integer(0)))).type == "pkiconf"
    assert replace(client).transaction_id == client.transaction_id
