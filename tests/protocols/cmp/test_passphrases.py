"""Revocation passphrases."""

from dataclasses import replace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.asn1 import der
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword
from emca_daemon.ca.cmp_signers import CmpSigners
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.exchange import Exchange
from emca_daemon.protocols.cmp.passphrases import REV_PASSPHRASE
from tests.support.cmp_envelopes import LOCAL_KEY_ID, PASSPHRASE, encrypted_key
from tests.support.cmp_messages import Template
from tests.support.cmp_world import SECRET, Client, CmpWorld, Reply, enrolled


@pytest.fixture
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def by_secret(**how: Any) -> bytes:
    """For the shared secret."""
    return encrypted_key(ToPassword(SECRET), **how)


def by_passphrase(
    world: CmpWorld, certificate: x509.Certificate, reason: bytes = b"\x0a\x01\x04", **client: bytes
) -> Reply:
    """Rr by somebody who has no key any more."""
    serial, issuer = der.integer(certificate.serial_number)[1:], certificate.issuer.public_bytes()
    template = der.sequence(b"\x81" + serial, der.explicit(3, issuer))
    extension = der.sequence(der.extension(der.oid("2.5.29.21"), reason))
    told = {"reference": b"my phrase", "secret": PASSPHRASE, **client}
    return world.client(**told).send(11, der.sequence(der.sequence(template, extension)))


def own(client: Client) -> x509.Certificate:
    """The certificate that a client signs with."""
    assert client.signer is not None
    return client.signer[0]


def test_sent_ahead_and_used(world: CmpWorld) -> None:
    """A genp without a value; then the certificate that was issued to the same secret is revoked without its key."""
    client = enrolled(world)
    reply = world.client().ask(REV_PASSPHRASE, by_secret())
    assert reply.type == "genp"
    assert [str(one["infoType"]) for one in reply.body] == [REV_PASSPHRASE]
    assert not reply.body[0]["infoValue"].isValue
    answer = by_passphrase(world, own(client))
    assert (answer.type, answer.failure, answer.is_protected) == ("rp", "", True)
    assert answer.octets("senderKID") == b"my phrase"
    assert world.status_of(own(client)) == "SUPERSEDED"
    with world.ca.store.reading() as tx:
        actions = [record.event.action for record in tx.audit.walk()]
    assert "cmp.passphrase" in actions


def test_by_the_responders_certificate(world: CmpWorld) -> None:
    """Whoever signs encrypts to what caProtEncCert tells; the certificates of that holder may be revoked."""
    client = enrolled(world)
    value = encrypted_key(ToCertificate(world.signers.current().certificate))
    assert client.renewed().ask(REV_PASSPHRASE, value).type == "genp"
    assert by_passphrase(world, own(client)).failure == ""
    assert world.status_of(own(client)) == "SUPERSEDED"


def test_without_an_identifier_the_senders_is_used(world: CmpWorld) -> None:
    """The reference value, which then names the passphrase in an rr and the secret in anything else."""
    client = enrolled(world)
    world.client().ask(REV_PASSPHRASE, by_secret(identifier=None))
    assert by_passphrase(world, own(client), secret=SECRET, reference=b"dev1").failure == "badMessageCheck"
    assert world.client().enroll().type == "ip"
    assert by_passphrase(world, own(client), reference=b"dev1").failure == ""


def test_in_a_header(world: CmpWorld) -> None:
    """Of any message that is carried out; the answer's header says that it was taken."""
    information = (der.sequence(der.oid(REV_PASSPHRASE), by_secret()),)
    client = world.client()
    reply = client.with_header(information=information).enroll()
    assert REV_PASSPHRASE in reply.information
    client.confirm(reply.certificate)
    assert by_passphrase(world, reply.certificate).failure == ""
    broken = (der.sequence(der.oid(REV_PASSPHRASE), der.NULL),)
    reply = world.client().with_header(information=broken).enroll()
    assert (reply.type, reply.failure) == ("error", "badRequest")


def test_it_revokes_its_holders_certificates_and_no_more(world: CmpWorld) -> None:
    """Not those of others, and nothing is revived; a wrong passphrase is as wrong as an unknown one."""
    world.people.secrets["dev2"] = world.people.secrets["dev1"]
    client, other = enrolled(world), world.client(reference=b"dev2")
    foreign = other.enroll(Template("CN=dev2")).certificate
    world.client().ask(REV_PASSPHRASE, by_secret())
    assert by_passphrase(world, foreign).failure == "notAuthorized"
    assert by_passphrase(world, own(client), secret=b"open wheat!").failure == "badMessageCheck"
    assert by_passphrase(world, own(client), b"\x0a\x01\x06").failure == ""
    assert by_passphrase(world, own(client), b"\x0a\x01\x08").failure == "notAuthorized"
    assert world.status_of(own(client)) == "CERTIFICATE_HOLD"
    assert by_passphrase(world, own(client), reference=b"another").failure == "badMessageCheck"


def test_it_opens_nothing_but_revocations(world: CmpWorld) -> None:
    """No certificate by a passphrase."""
    world.client().ask(REV_PASSPHRASE, by_secret())
    reply = world.client(reference=b"my phrase", secret=PASSPHRASE).enroll()
    assert (reply.type, reply.failure) == ("error", "badMessageCheck")


def test_the_last_one_counts_and_identifiers_are_their_first_holders(world: CmpWorld) -> None:
    """One a holder; nobody takes an identifier from somebody else."""
    world.people.secrets["dev2"] = world.people.secrets["dev1"]
    client = enrolled(world)
    world.client().ask(REV_PASSPHRASE, by_secret())
    other = world.client(reference=b"dev2")
    assert other.ask(REV_PASSPHRASE, by_secret()).failure == "badRequest"
    assert other.renewed().ask(REV_PASSPHRASE, by_secret(identifier=b"dev1")).failure == "badRequest"
    world.client().ask(REV_PASSPHRASE, by_secret(content=b"another sesame"))
    assert by_passphrase(world, own(client)).failure == "badMessageCheck"
    assert by_passphrase(world, own(client), secret=b"another sesame").failure == ""


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        (b"", "badRequest"),
        (der.NULL, "badRequest"),
        (der.sequence(), "badRequest"),
        (der.explicit(0, b""), "badDataFormat"),
        (by_secret(content=b"short"), "badRequest"),
        (by_secret(content=bytes(201)), "badRequest"),
        (by_secret(identifier=bytes(129)), "badRequest"),
        (encrypted_key(ToPassword(b"another secret")), "badRequest"),
        (by_secret(attributes=der.sequence(der.oid(LOCAL_KEY_ID), der.tlv(0x31, der.NULL))), "badDataFormat"),
        (by_secret(attributes=der.sequence(der.oid(LOCAL_KEY_ID), der.tlv(0x31, b""))), "badDataFormat"),
    ],
)
def test_what_cannot_be_taken(world: CmpWorld, value: bytes, failure: str) -> None:
    """No envelope, one for somebody else, a passphrase too short or too long: an error, and nothing is kept."""
    reply = world.client().ask(REV_PASSPHRASE, value)
    assert (reply.type, reply.failure) == ("error", failure)


def test_other_attributes_are_not_minded(world: CmpWorld) -> None:
    """The identifier is the sender's then."""
    attribute = der.sequence(der.oid("1.2.3"), der.tlv(0x31, der.NULL))
    assert world.client().ask(REV_PASSPHRASE, by_secret(attributes=attribute)).type == "genp"


def test_only_for_holders(world: CmpWorld) -> None:
    """A registration authority has no passphrase: it is asked who it is each time."""
    authority = enrolled(world, Template("CN=RA"), label="ra")
    assert authority.ask(REV_PASSPHRASE, by_secret()).failure == "notAuthorized"
    client = enrolled(world)
    assert client.ask(REV_PASSPHRASE, by_secret()).failure == "badRequest"  # for a secret that nobody has


def test_a_key_out_of_reach(world: CmpWorld) -> None:
    """SystemUnavail: the client may try again."""
    client = enrolled(world)
    value = encrypted_key(ToCertificate(world.signers.current().certificate))
    signers = cast(CmpSigners, _Unreachable(world))
    world.exchange = Exchange(replace(world.endpoint, signers=signers))
    assert client.ask(REV_PASSPHRASE, value).failure == "systemUnavail"


class _Unreachable:
    """A responder whose key answers to signatures, but not to a decryption."""

    def __init__(self, world: CmpWorld) -> None:
        self._world, self._asked = world, 0
        self.current = world.signers.current

    def private_key(self, signer: object) -> ec.EllipticCurvePrivateKey:
        self._asked += 1
        if self._asked == 1:
            raise Refused(Reason.UNAVAILABLE, "the token is away")
        key = self._world.signers.private_key(self._world.signers.current())
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key
