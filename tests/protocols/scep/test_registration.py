"""Tests of emca_daemon.protocols.scep.registration."""

import pytest

from emca_daemon.asn1.cms_enveloping import ToCertificate
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import certificate
from tests.support.scep_world import Client, ScepWorld, settings


def test_an_rsa_ca_answers_for_itself() -> None:
    """Its own certificate goes alone, signs the replies and opens the messages."""
    world = ScepWorld(settings(ra="none"), algorithm="rsa-2048")
    response = world.ask("operation=GetCACert")
    assert response.header("content-type") == "application/x-x509-ca-cert"
    reply = Client(world).enroll()
    assert Client(world).issued(reply)
    assert reply.signed.certificate_of(reply.signed.signers[0]) == world.endpoint.authority.certificate


def test_another_ca_needs_a_registration_authority() -> None:
    """Its key decrypts nothing."""
    registration = ScepWorld(settings(ra="none")).endpoint.registration
    with pytest.raises(Refused) as caught:
        registration.decryption_key(certificate())
    assert caught.value.reason is Reason.ALGORITHM_REFUSED


def test_a_key_is_found_by_its_certificate() -> None:
    """And no other."""
    registration = ScepWorld().endpoint.registration
    (own,) = registration.certificates()
    assert registration.decryption_key(own).public_key() == own.public_key()
    with pytest.raises(Refused):
        registration.decryption_key(certificate())


def test_messages_to_the_ca_are_opened_where_that_is_switched_on() -> None:
    """PyScep encrypts to the CA although there is an RA; the RA goes on to sign and to decrypt."""
    for switched_on in (False, True):
        world = ScepWorld(settings(ca_decrypts=switched_on), algorithm="rsa-2048")
        client = Client(world)
        to_ca = ToCertificate(world.endpoint.authority.certificate)
        reply = client.exchange(client.message(client.csr(), to=(to_ca,)))
        assert reply.status == ("0" if switched_on else "2")
        assert reply.signed.certificate_of(reply.signed.signers[0]) == world.ra.current()[0].certificate
        to_ra = ToCertificate(world.ra.current()[0].certificate)
        assert client.exchange(client.message(client.csr(), to=(to_ra,))).status == "0"


def test_a_ca_on_a_curve_opens_nothing() -> None:
    """The switch is of no use there, and messages to it are refused like others that cannot be opened."""
    world = ScepWorld(settings(ca_decrypts=True))
    client = Client(world)
    to = ToCertificate(world.endpoint.authority.certificate)
    assert client.exchange(client.message(client.csr(), to=(to,))).status == "2"
    assert client.issued(client.exchange(client.message(client.csr())))
