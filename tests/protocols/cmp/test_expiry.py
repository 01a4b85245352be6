"""What ends by itself."""

from emca_daemon.ca.records import CertificateQuery, RequestState, RevocationReason
from emca_daemon.names import ProfileName
from emca_daemon.protocols.cmp.expiry import Expiry
from tests.support import cmp_messages as build
from tests.support.ca_world import BY
from tests.support.cmp_world import CmpWorld


def approve(world: CmpWorld) -> None:
    """A person approves what waits."""
    with world.ca.store.reading() as tx:
        waiting = tx.pending.list(RequestState.WAITING)
    for request in waiting:
        world.ca.approval.approve(request.id, BY)


def test_certificates_that_nobody_confirms_are_withdrawn() -> None:
    """Once their time is over, not before; a confirmation after that comes too late."""
    world = CmpWorld()
    client = world.client()
    certificate = client.enroll().certificate
    world.ca.clock.advance(minutes=4)
    assert world.expiry.run() == 0
    assert world.status_of(certificate) == "good"
    world.ca.clock.advance(minutes=2)
    assert world.expiry.run() == 1
    assert world.status_of(certificate) == "CESSATION_OF_OPERATION"
    assert client.confirm(certificate).failure == "certRevoked"


def test_finished_transactions_are_forgotten_after_a_while() -> None:
    """Until then they cannot be replayed."""
    world = CmpWorld()
    client = world.client()
    client.with_header(information=(build.IMPLICIT,)).enroll()
    client.answered = None
    assert client.enroll().failure == "transactionIdInUse"
    world.ca.clock.advance(hours=2)
    assert world.expiry.run() == 1
    client.answered = None
    assert client.enroll().failure == ""


def test_a_certificate_revoked_already_stays_as_it_is() -> None:
    """The transaction is over all the same."""
    world = CmpWorld()
    certificate = world.client().enroll().certificate
    with world.ca.store.reading() as tx:
        (record,) = [
            one for one in tx.certificates.search(CertificateQuery()) if one.intent.serial == certificate.serial_number
        ]
    world.ca.revoking.revoke(record.intent.issuer, record.intent.serial, RevocationReason.KEY_COMPROMISE, BY)
    world.ca.clock.advance(minutes=6)
    assert (world.expiry.run(), world.expiry.run()) == (1, 0)
    assert world.status_of(certificate) == "KEY_COMPROMISE"


def test_requests_that_nobody_polls_end_with_their_certificates() -> None:
    """Approved but never fetched: withdrawn; never approved: over."""
    world = CmpWorld()
    fetched_never, approved_never = (world.client(place={"label": "slow"}) for _ in range(2))
    fetched_never.enroll()
    approve(world)
    approved_never.enroll()
    world.ca.clock.advance(days=31)
    world.signers.renew(BY)
    assert world.expiry.run() == 2
    with world.ca.store.reading() as tx:
        (record,) = tx.certificates.search(CertificateQuery(profile=ProfileName("slow")))
    assert record.revocation is not None


def test_transactions_of_endpoints_that_are_gone_are_ended_too() -> None:
    """Their settings are not needed."""
    world = CmpWorld()
    certificate = world.client().enroll().certificate
    gone = Expiry(store=world.ca.store, revoking=world.ca.revoking, settings={}, requester=BY, clock=world.ca.clock)
    world.ca.clock.advance(minutes=6)
    gone.run()
    assert world.status_of(certificate) == "CESSATION_OF_OPERATION"
    assert (gone.run(), gone.run()) == (1, 0)
