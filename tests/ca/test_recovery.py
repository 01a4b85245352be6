"""After a crash."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.ca.cycle import intent_of
from emca_daemon.ca.enrollment import Issued, signatory_of
from emca_daemon.ca.pending import decided
from emca_daemon.ca.records import CertificateState, Intent, RequestState
from emca_daemon.ca.recovery import abandon_open_intents, reopen_approvals
from emca_daemon.errors import Pending
from emca_daemon.names import ProfileName
from emca_daemon.policy.decision import decide
from emca_daemon.policy.tokens import Approved
from tests.support.ca_world import BY, ISSUING, World, server_request


def crash_after_intent(world: World) -> Intent:
    """An intent whose process died before the certificate was recorded."""
    authority = world.authorities.get(ISSUING)
    profile = world.profiles[ProfileName("tls-server")]
    approved = decide(server_request("a.example.test"), profile, authority.facts, world.clock())
    assert isinstance(approved, Approved)
    intent = intent_of(world.cycle.prepare(approved, signatory_of(authority)), world.clock())
    with world.store.writing() as tx:
        tx.certificates.intend(intent)
    return intent


def test_an_open_intent_becomes_a_revoked_serial() -> None:
    """It is abandoned, on the next CRL, and in the audit chain; a second run finds nothing."""
    world = World().with_issuers()
    intent = crash_after_intent(world)
    world.clock.advance(seconds=5)
    assert abandon_open_intents(world.store, BY, world.clock, timedelta(0)) == [intent]
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, intent.serial)
    assert record
    assert record.state is CertificateState.ABANDONED
    assert world.crls.publish(ISSUING, BY).entries == 1
    assert ("certificate.abandon", "success") in world.actions()
    assert abandon_open_intents(world.store, BY, world.clock, timedelta(0)) == []


def test_young_intents_and_issued_certificates_are_left_alone() -> None:
    """What may still be under way is not touched."""
    world = World().with_issuers()
    crash_after_intent(world)
    outcome = world.enrollment.enroll(server_request("b.example.test"), ProfileName("tls-server"), issuer=ISSUING)
    assert isinstance(outcome, Issued)
    assert abandon_open_intents(world.store, BY, world.clock, timedelta(seconds=60)) == []


def test_a_half_made_approval_waits_again() -> None:
    """Approved, and then the process died: the request can be approved again, and the chain says so."""
    world = World()
    world.profiles[ProfileName("tls-server")] = replace(world.profiles[ProfileName("tls-server")], approval="manual")
    world = World(world.profiles).with_issuers()
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=ISSUING)
    assert isinstance(outcome, Pending)
    with world.store.writing() as tx:
        request = tx.pending.get(outcome.request_id)
        assert request
        half = decided(request, RequestState.APPROVED, "alice", world.clock())
        tx.pending.update(half, RequestState.WAITING)
    assert reopen_approvals(world.store, BY, world.clock, timedelta(seconds=60)) == []
    world.clock.advance(seconds=61)
    (reopened,) = reopen_approvals(world.store, BY, world.clock, timedelta(seconds=60))
    assert (reopened.state, reopened.decided_by) == (RequestState.WAITING, "")
    assert world.actions()[-1] == ("request.reopen", "success")
    assert world.approval.approve(outcome.request_id, BY)
