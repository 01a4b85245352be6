"""Tests of emca_daemon.protocols.scep.opening."""

from dataclasses import replace

from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword
from emca_daemon.protocols.scep.challenges import NoChallenge
from emca_daemon.protocols.scep.messages import MessageType
from tests.support.scep_world import BY, Client, ScepWorld, settings

CANNOT = "the message cannot be decrypted, or is not what its type says"


def test_whatever_is_wrong_inside_is_told_in_the_same_words() -> None:
    """Not for us, a wrong password, no request in it: nothing to guess a padding from."""
    world = ScepWorld()
    client = Client(world)
    for message in (
        client.message(client.csr(), to=(ToCertificate(client.own_certificate()),)),
        client.message(client.csr(), to=(ToPassword(b"wrong"),)),
        client.message(b"no request"),
        client.message(b"no names", MessageType.CERT_POLL.value),
        client.message(b"no serial", MessageType.GET_CERT.value),
    ):
        reply = client.exchange(message)
        assert (reply.status, reply.fail_info, reply.text) == ("2", "2", CANNOT)


def test_without_passwords_none_is_tried() -> None:
    """An endpoint without a challenge has none."""
    client = Client(ScepWorld(challenges=NoChallenge()))
    assert client.exchange(client.message(client.csr(), to=(ToPassword(b"x"),))).text == CANNOT


def test_an_older_ra_key_still_opens() -> None:
    """Clients go on with what GetCACert told them, until that certificate ends."""
    world = ScepWorld()
    client = Client(world)
    old = ToCertificate(world.recipient())
    world.clock.advance(days=200)
    world.ra.renew(BY)
    assert old.certificate != world.ra.current()[0].certificate
    assert client.exchange(client.message(client.csr(), to=(old,))).status == "0"
    world.clock.advance(days=200)
    world.ra.renew(BY)
    late = replace(client, names=("a.example",))
    assert late.exchange(late.message(late.csr(), to=(old,))).text == CANNOT


def test_a_key_that_another_process_made_is_found() -> None:
    """Although this one looked a moment ago."""
    world = ScepWorld()
    client = Client(world)
    client.enroll()
    other = ScepWorld.__new__(ScepWorld)
    other.__dict__.update(world.__dict__)
    world.ra.every()
    known = dict(world.ra._known)
    world.clock.advance(days=200)
    world.ra.renew(BY)
    newest = world.ra.current()[0].certificate
    world.ra._known, world.ra._until = known, world.clock.now.replace(year=2099)
    fresh = replace(client, names=("b.example",))
    assert fresh.exchange(fresh.message(fresh.csr(), to=(ToCertificate(newest),))).status == "0"


def test_two_ra_certificates_share_the_work() -> None:
    """One signs, the other decrypts."""
    world = ScepWorld(settings(ra="two"))
    client = Client(world)
    reply = client.enroll()
    assert client.issued(reply)
    signing, encryption = (one.certificate for one in world.ra.current())
    assert reply.signed.certificate_of(reply.signed.signers[0]) == signing
    assert world.recipient() == encryption != signing
