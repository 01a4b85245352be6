"""Who sent a message, by its protection."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.ca.records import RevocationReason
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, START
from tests.support.certificates import key_usage
from tests.support.cmp_messages import Template
from tests.support.cmp_world import CmpWorld, enrolled, known, settings

KEY = ec.generate_private_key(ec.SECP256R1())


def foreign(usage: str | None = "digital_signature", subject: str = "CN=station-7") -> x509.Certificate:
    """A self-signed certificate of some device."""
    builder = x509.CertificateBuilder(
        issuer_name=build.name(subject),
        subject_name=build.name(subject),
        public_key=KEY.public_key(),
        serial_number=7,
        not_valid_before=START - timedelta(days=1),
        not_valid_after=START + timedelta(days=30),
    )
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), critical=False)
    if usage is not None:
        builder = builder.add_extension(key_usage(usage, "key_cert_sign"), critical=True)
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    return builder.sign(KEY, hashes.SHA256())


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint that trusts one vendor."""
    return CmpWorld(vendors=[foreign()])


def test_wrong_secrets_and_unknown_references_look_the_same(world: CmpWorld) -> None:
    """Unprotected, with the same words."""
    wrong = world.client(secret=b"guess").enroll()
    nobody = world.client(reference=b"nobody").enroll()
    assert wrong.failure == nobody.failure == "badMessageCheck"
    assert not wrong.is_protected
    assert str(wrong.status["statusString"]) == str(nobody.status["statusString"])


def test_some_things_must_be_signed(world: CmpWorld) -> None:
    """kur, rr, ccr and nested by a secret: wrongIntegrity, protected by it; badMessageCheck for a wrong one."""
    for tag in (7, 11, 13, 20):
        reply = world.client().send(tag, der.sequence())
        assert (reply.type, reply.failure, reply.is_protected) == ("error", "wrongIntegrity", True)
        reply = world.client(secret=b"guessed").send(tag, der.sequence())
        assert (reply.type, reply.failure, reply.is_protected) == ("error", "badMessageCheck", False)


def test_without_the_way_there_is_no_way() -> None:
    """An endpoint that listens to no secrets, to no certificates, to no authorities."""
    closed = CmpWorld(settings(accept=("vendor",)))
    assert closed.client().enroll().failure == "badMessageCheck"
    open_ = CmpWorld(settings(accept=("secret",)))
    assert enrolled(open_).enroll(tag=2).failure == "notAuthorized"
    assert enrolled(open_, Template("CN=RA"), label="ra").enroll(tag=2).failure == "notAuthorized"


def test_holders_of_our_certificates(world: CmpWorld) -> None:
    """They are who got the certificate; the answer is signed by the responder, its key named."""
    client = enrolled(world)
    reply = client.enroll(tag=2)
    assert (reply.type, reply.failure) == ("cp", "")
    signer = world.signers.current()
    assert reply.octets("senderKID") == signer.key_identifier
    with world.ca.store.reading() as tx:
        record = tx.certificates.find_by_fingerprint(reply.certificate.fingerprint(hashes.SHA256()))
    assert record is not None
    assert (record.intent.requester, record.intent.protocol) == ("dev1", "cmp")


def test_revoked_and_expired_certificates() -> None:
    """certRevoked, signerNotTrusted; signed, since the request was."""
    world = CmpWorld()
    client, other = enrolled(world), enrolled(world)
    with world.ca.store.reading() as tx:
        assert client.signer is not None
        record = tx.certificates.find_by_fingerprint(client.signer[0].fingerprint(hashes.SHA256()))
    assert record is not None
    world.ca.revoking.revoke(record.intent.issuer, record.intent.serial, RevocationReason.KEY_COMPROMISE, BY)
    reply = client.enroll(tag=2)
    assert (reply.failure, reply.is_protected) == ("certRevoked", True)
    world.ca.clock.advance(days=400)
    assert other.enroll(tag=2).failure in ("signerNotTrusted", "systemUnavail")


def test_the_signer_must_be_there_and_be_named(world: CmpWorld) -> None:
    """Missing, no certificate, not the sender, not the key: badMessageCheck."""
    client = enrolled(world)
    assert replace(client, certificates=()).enroll(tag=2).failure == "badMessageCheck"
    assert replace(client, certificates=(der.sequence(),)).enroll(tag=2).failure == "badMessageCheck"
    assert client.signer is not None
    own = client.signer[0].public_bytes(Encoding.DER)
    of_no_version = own.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06", 1)
    assert replace(client, certificates=(of_no_version,)).enroll(tag=2).failure == "badMessageCheck"
    assert client.with_header(sender="CN=somebody").enroll(tag=2).failure == "badMessageCheck"
    assert client.with_header(kid=b"else").enroll(tag=2).failure == "badMessageCheck"
    assert client.with_header(kid=None).enroll(tag=2).failure == ""
    stranger = replace(client, signer=(client.signer[0], KEY)) if client.signer else client
    assert stranger.renewed().enroll(tag=2).failure == "badMessageCheck"


def test_the_signer_may_stand_anywhere_unless_it_is_strict(world: CmpWorld) -> None:
    """What is no certificate behind the first is passed over."""
    for chosen, failure in ((world, ""), (CmpWorld(settings(strict=True)), "badMessageCheck")):
        client = enrolled(chosen)
        assert client.signer is not None
        own = client.signer[0].public_bytes(Encoding.DER)
        order = (foreign().public_bytes(Encoding.DER), der.sequence(), own)
        mixed = replace(client, certificates=order).renewed()
        reply = mixed.enroll(tag=2)
        assert reply.failure == failure
        if not failure:
            mixed.certificates = ()
            assert mixed.confirm(reply.certificate).type == "pkiconf"


def test_follow_ups_need_no_certificates(world: CmpWorld) -> None:
    """The signer is remembered with its transaction."""
    client = enrolled(world)
    certificate = client.enroll(tag=2).certificate
    client.certificates = ()
    assert client.confirm(certificate).type == "pkiconf"


def test_outdated_and_foreign_algorithms(world: CmpWorld) -> None:
    """SHA-1: badAlg; of another kind of key: badMessageCheck; unknown: badAlg. Signed, for there are certificates."""
    for oid, failure in (
        ("1.2.840.10045.4.1", "badAlg"),
        ("1.2.840.113549.1.1.11", "badMessageCheck"),
        ("1.2.3", "badAlg"),
    ):
        client = enrolled(world).with_header(algorithm=der.sequence(der.oid(oid)))
        reply = client.enroll(tag=2)
        assert (reply.failure, reply.is_protected) == (failure, True)
    bare = world.client().with_header(algorithm=der.sequence(der.oid("1.2.3"))).enroll()
    assert (bare.failure, bare.is_protected) == ("badAlg", False)


def test_certificates_whose_names_cannot_be_read(world: CmpWorld) -> None:
    """The signer's: badMessageCheck; others are not minded, as they lead nowhere."""
    client = enrolled(world)
    assert client.signer is not None
    own = client.signer[0].public_bytes(Encoding.DER)
    unreadable = own.replace(b"dev1", b"\xff\xff\xff\xff")
    assert unreadable != own
    for certificates, failure in (((unreadable,), "badMessageCheck"), ((own, unreadable), "")):
        assert replace(client.renewed(), certificates=certificates).enroll(tag=2).failure == failure
    stranger = replace(client.renewed(), signer=(foreign(), KEY))
    shown = foreign().public_bytes(Encoding.DER)
    assert replace(stranger, certificates=(shown, unreadable)).enroll().failure == "notAuthorized"  # not registered


def test_devices_of_a_vendor(world: CmpWorld) -> None:
    """Registered ones; by another's certificate, or one that is not for signatures, nobody."""
    world.people.devices["station-7"] = known()
    vendor = world.client(signer=(foreign(), KEY))
    assert vendor.enroll(Template("CN=station-7")).failure == ""
    plain = world.client(signer=(foreign(None), KEY))
    assert plain.enroll(Template("CN=station-7")).failure == ""
    assert world.client(signer=(foreign("key_agreement"), KEY)).enroll().failure == "signerNotTrusted"
    closed = CmpWorld(settings(accept=("certificate",)), vendors=[foreign()])
    assert closed.client(signer=(foreign(), KEY)).enroll().failure == "signerNotTrusted"
