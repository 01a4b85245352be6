"""Tests of emca_daemon.protocols.scep.renewing."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import IssuerName, ProfileName, SerialNumber
from emca_daemon.protocols.scep.messages import MessageType
from emca_daemon.protocols.scep.renewing import _same_attributes
from emca_daemon.settings.scep import ScepRenewalSettings
from tests.support.ca_world import BY, ISSUING, ROOT, new_authority
from tests.support.scep_world import BY as DAEMON
from tests.support.scep_world import Client, ScepWorld, settings

NEXT = IssuerName("next")


def holder(world: ScepWorld) -> Client:
    """A device with a certificate of ours."""
    client = Client(world)
    return replace(client, certificate=client.issued(client.enroll()))


def test_the_window_opens_before_the_end() -> None:
    """Earlier, the answer says when."""
    world = ScepWorld(settings(renewal=ScepRenewalSettings(window=timedelta(days=30))))
    device = holder(world)
    assert "may be renewed from" in device.renew().text
    world.clock.advance(days=340)
    world.ra.renew(DAEMON)
    assert device.renew().status == "0"


def test_a_revoked_certificate_renews_nothing() -> None:
    """Not even by RenewalReq."""
    world = ScepWorld()
    device = holder(world)
    assert device.certificate is not None
    serial = SerialNumber(device.certificate.serial_number)
    world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY)
    assert "revoked" in device.renew().text


def test_renewal_can_be_off_and_is_for_the_endpoints_own_certificates() -> None:
    """Two settings."""
    assert "not renewed here" in holder(ScepWorld(settings(renewal=ScepRenewalSettings(enabled=False)))).renew().text
    other = ScepRenewalSettings(profiles=(ProfileName("tls-client"),))
    assert "none that is renewed here" in holder(ScepWorld(settings(renewal=other))).renew().text


def test_certificates_of_a_former_issuer_are_renewed_by_the_one_that_follows() -> None:
    """And found, and so is the CRL that they are in, where the settings name it; else they are somebody else's."""
    world = ScepWorld()
    device = holder(world)
    assert device.certificate is not None
    world.crls.publish(ISSUING, BY)
    world.hierarchy.create_sub(new_authority(NEXT, "issuing-ca"), ROOT, BY)
    world.endpoint = replace(world.endpoint, settings=replace(world.settings, issuer=NEXT))
    world.guard(world.endpoint.challenges)
    assert "none that is renewed here" in device.renew().text
    assert device.look_up(MessageType.GET_CERT, device.certificate.serial_number).fail_info == "4"
    former = replace(world.settings, issuer=NEXT, renewal=ScepRenewalSettings(issuers=(ISSUING,)))
    world.endpoint = replace(world.endpoint, settings=former)
    world.guard(world.endpoint.challenges)
    renewed = device.issued(device.renew())
    assert renewed.issuer == world.authorities.get(NEXT).certificate.subject
    found = device.look_up(MessageType.GET_CERT, device.certificate.serial_number)
    assert device.issued(found) == device.certificate
    assert device.opened(device.look_up(MessageType.GET_CRL, 1)).crls
    found = device.look_up(MessageType.GET_CERT, renewed.serial_number, renewed.issuer)
    assert device.issued(found) == renewed


def test_somebody_elses_certificate_is_no_certificate_of_ours() -> None:
    """The challenge decides."""
    world = ScepWorld()
    stranger = replace(Client(world), certificate=holder(ScepWorld()).certificate)
    assert stranger.renew().fail_info == "2"
    assert stranger.enroll().status == "0"


def test_names_may_be_arranged_otherwise() -> None:
    """Where the profile puts attributes into its own order by now; other attributes are another name."""
    old = "CN=device-1,2.5.4.5=FTX\\,1,O=Example"
    assert _same_attributes(old, "2.5.4.5=FTX\\,1+CN=device-1,O=Example")
    for other in ("CN=device-1,2.5.4.5=FTX,O=Example", "CN=device-1,O=Example", old + ",O=Example", "no name"):
        assert not _same_attributes(old, other)


def test_another_name_is_refused_and_audited() -> None:
    """By the CA and as a message, though it is found out only in the transaction of the signature."""
    world = ScepWorld()
    device = holder(world)
    reply = replace(device, names=("more.example",)).renew()
    assert (reply.status, reply.fail_info) == ("2", "2")
    assert reply.text == "a renewed certificate has the subject and names of the old one"
    assert world.refusals() == [reply.text] * 2


def test_what_waits_for_a_person_has_the_old_names_as_well() -> None:
    """Nobody is asked to approve others; the same ones are, and issued then."""
    renewal = ScepRenewalSettings(profile=ProfileName("device-manual"))
    world = ScepWorld(settings(renewal=renewal))
    device = holder(world)
    reply = replace(device, names=("more.example",)).renew()
    assert (reply.status, reply.text) == ("2", "a renewed certificate has the subject and names of the old one")
    assert world.refusals() == [reply.text]
    with world.store.reading() as tx:
        assert list(tx.pending.list(None)) == []
    assert device.renew().status == "3"
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    issued = world.approval.approve(waiting.id, BY)
    assert device.issued(device.renew()).serial_number == issued.record.intent.serial
