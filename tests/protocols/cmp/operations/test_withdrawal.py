"""Certificates that end with their transaction."""

from tests.support.cmp_world import CmpWorld, enrolled


def test_updates_leave_the_old_certificate_unless_told_otherwise() -> None:
    """Both are good."""
    world = CmpWorld()
    client = enrolled(world)
    assert client.signer is not None
    reply = client.enroll(tag=7)
    client.confirm(reply.certificate)
    assert world.status_of(client.signer[0]) == world.status_of(reply.certificate) == "good"


def test_withdrawals_are_audited() -> None:
    """As revocations."""
    world = CmpWorld()
    client = world.client()
    certificate = client.enroll().certificate
    client.send(24, b"0\x00")
    assert world.status_of(certificate) == "CESSATION_OF_OPERATION"
    assert ("certificate.revoke", "success") in world.ca.actions()
