"""Revocation, hold and release."""

from datetime import timedelta

import pytest

from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.records import CertificateStatus, Revocation, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName, SerialNumber
from tests.support.ca_world import BY, ISSUING, ROOT, World, server_request

GIVEN = [reason for reason in RevocationReason if reason is not RevocationReason.REMOVE_FROM_CRL]


@pytest.fixture
def world() -> World:
    """A CA with issuers."""
    return World().with_issuers()


def issue(world: World) -> SerialNumber:
    """The serial of a fresh certificate."""
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=ISSUING)
    assert isinstance(outcome, Issued)
    return outcome.record.intent.serial


def status(world: World, serial: SerialNumber) -> CertificateStatus:
    """What OCSP would see."""
    with world.store.reading() as tx:
        found = tx.certificates.status(ISSUING, serial)
    assert found
    return found


@pytest.mark.parametrize("reason", GIVEN)
def test_every_reason_can_be_given(world: World, reason: RevocationReason) -> None:
    """Each RFC 5280 reason is kept, with the invalidity date, and audited."""
    serial = issue(world)
    since = world.clock().replace(microsecond=0) - timedelta(days=1)
    world.revoking.revoke(ISSUING, serial, reason, BY, since)
    revocation = status(world, serial).revocation
    assert revocation
    assert (revocation.reason, revocation.invalidity_date) == (reason, since)
    action = "certificate.hold" if reason is RevocationReason.CERTIFICATE_HOLD else "certificate.revoke"
    assert world.actions()[-1] == (action, "success")


def test_a_second_revocation_is_refused_and_audited(world: World) -> None:
    """Once is enough; the refusal is in the chain."""
    serial = issue(world)
    world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY)
    with pytest.raises(Refused) as refused:
        world.revoking.revoke(ISSUING, serial, RevocationReason.UNSPECIFIED, BY)
    assert refused.value.reason is Reason.ALREADY_REVOKED
    assert world.actions()[-1] == ("certificate.revoke", "refused")


def test_key_compromise_corrects_another_reason_and_keeps_the_dates(world: World) -> None:
    """What is known to be worse is said; the dates stay."""
    serial = issue(world)
    since = world.clock() - timedelta(days=2)
    first = world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY, since)
    world.clock.advance(days=1)
    second = world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY)
    assert second == Revocation(first.at, RevocationReason.KEY_COMPROMISE, since)
    with pytest.raises(Refused):
        world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY)


def test_a_hold_ends_by_release_or_by_revocation(world: World) -> None:
    """Release makes it good again; a held certificate can be revoked for good, and not held twice."""
    serial = issue(world)
    world.revoking.revoke(ISSUING, serial, RevocationReason.CERTIFICATE_HOLD, BY)
    with pytest.raises(Refused):
        world.revoking.revoke(ISSUING, serial, RevocationReason.CERTIFICATE_HOLD, BY)
    world.revoking.release(ISSUING, serial, BY)
    assert status(world, serial).revocation is None
    assert world.actions()[-1] == ("certificate.release", "success")
    world.revoking.revoke(ISSUING, serial, RevocationReason.CERTIFICATE_HOLD, BY)
    world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY)
    with pytest.raises(Refused) as refused:
        world.revoking.release(ISSUING, serial, BY)
    assert refused.value.reason is Reason.WRONG_STATE
    assert world.actions()[-1] == ("certificate.release", "refused")


def test_what_makes_no_sense_is_refused(world: World) -> None:
    """removeFromCRL, an invalidity date in the future, an unknown serial."""
    serial = issue(world)
    future = world.clock() + timedelta(days=1)
    cases = (
        (serial, RevocationReason.REMOVE_FROM_CRL, None, Reason.MALFORMED),
        (serial, RevocationReason.SUPERSEDED, future, Reason.MALFORMED),
        (SerialNumber(42), RevocationReason.SUPERSEDED, None, Reason.UNKNOWN_CERTIFICATE),
    )
    for number, reason, since, expected in cases:
        with pytest.raises(Refused) as refused:
            world.revoking.revoke(ISSUING, number, reason, BY, since)
        assert refused.value.reason is expected
    assert status(world, serial).revocation is None


def test_what_is_written_alongside_shares_the_fate(world: World) -> None:
    """A companion that refuses keeps the certificate good."""
    serial = issue(world)

    def refuse(_: object) -> None:
        raise Refused(Reason.NOT_PERMITTED, "no")

    with pytest.raises(Refused):
        world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY, also=refuse)
    assert status(world, serial).revocation is None


def test_a_ca_ends_with_its_certificate(world: World) -> None:
    """Whichever way its certificate is revoked, it issues nothing any more, from that transaction on."""
    serial = SerialNumber(world.authorities.get(ISSUING).certificate.serial_number)
    with pytest.raises(Refused) as refused:
        world.revoking.revoke(ROOT, serial, RevocationReason.CERTIFICATE_HOLD, BY)
    assert refused.value.reason is Reason.WRONG_STATE
    issue(world)
    world.revoking.revoke(ROOT, serial, RevocationReason.KEY_COMPROMISE, BY)
    assert world.actions()[-2:] == [("issuer.revoke", "success"), ("certificate.revoke", "success")]
    with pytest.raises(Refused) as refused:
        issue(world)
    assert refused.value.reason is Reason.WRONG_STATE
