"""Enrollment: decide, issue, wait, refuse."""

from dataclasses import replace
from datetime import datetime
from typing import NoReturn

import pytest
from cryptography import x509

from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.ca.records import CertificateState, RevocationReason
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.facts import RequesterProtocol
from emca_daemon.randomness import system_random
from tests.support.ca_world import BY, ISSUING, ROOT, World, server_request

SERVER = ProfileName("tls-server")


def test_an_approved_request_becomes_a_recorded_certificate() -> None:
    """The certificate is signed by the issuer, in the store, audited, and comes with its chain."""
    world = World().with_issuers()
    outcome = world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING)
    assert isinstance(outcome, Issued)
    leaf, issuing = (x509.load_der_x509_certificate(der) for der in outcome.chain)
    leaf.verify_directly_issued_by(issuing)
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, outcome.record.intent.serial)
        assert tx.audit.head()[0] == len(world_actions(world, tx))
    assert record is not None
    assert (record.state, record.der) == (CertificateState.ISSUED, outcome.der)
    assert world.actions()[-1] == ("certificate.issue", "success")
    assert world.enrollment.chain_of(record) == outcome.chain


def world_actions(world: World, tx: object) -> list[object]:
    """The events of the chain, read in the open transaction."""
    return list(tx.audit.walk())  # type: ignore[attr-defined]


def test_a_refusal_names_every_mismatch_and_is_audited() -> None:
    """Nothing is written but the refusal, with its reasons."""
    world = World().with_issuers()
    with pytest.raises(Refused) as refused:
        world.enrollment.enroll(server_request("-bad-.example.test", "a..b"), SERVER, issuer=ISSUING)
    assert len(refused.value.mismatches) >= 2
    assert world.actions()[-1] == ("certificate.request", "refused")
    with world.store.reading() as tx:
        assert tx.certificates.find_by_key(server_request("a").key.fingerprint) == []
        (event,) = [sealed.event for sealed in tx.audit.walk() if sealed.event.outcome == "refused"]
    assert "a..b" in str(event.details["detail"])


def test_unknown_profiles_and_issuers_are_refused() -> None:
    """Neither is guessed."""
    world = World().with_issuers()
    for profile, issuer in ((ProfileName("none"), ISSUING), (SERVER, IssuerName("nobody"))):
        with pytest.raises(Refused) as refused:
            world.enrollment.enroll(server_request("a.example.test"), profile, issuer=issuer)
        assert refused.value.reason is Reason.NOT_FOUND
    world.profiles[SERVER] = replace(world.profiles[SERVER], issuer=None)
    enrollment = World(world.profiles).with_issuers().enrollment
    with pytest.raises(Refused) as refused:
        enrollment.enroll(server_request("a.example.test"), SERVER)
    assert refused.value.reason is Reason.PROFILE_REFUSED


def test_a_revoked_issuer_signs_nothing() -> None:
    """An issuer that was revoked refuses, in this process and in others."""
    world = World().with_issuers()
    world.hierarchy.revoke(ISSUING, RevocationReason.KEY_COMPROMISE, BY)
    with pytest.raises(Refused) as refused:
        world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING)
    assert refused.value.reason is Reason.WRONG_STATE


def test_a_key_that_is_down_leaves_nothing_but_the_refusal() -> None:
    """However often clients ask during an outage: no serial is taken, and the CRL does not grow."""
    world = World().with_issuers()
    world.keys.down = True
    with pytest.raises(Refused) as refused:
        world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING)
    assert refused.value.reason is Reason.UNAVAILABLE
    assert world.actions()[-1] == ("certificate.request", "refused")
    with world.store.reading() as tx:
        assert list(tx.certificates.revoked(ISSUING, world.clock())) == []


def test_a_signature_that_fails_leaves_an_abandoned_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is "unavailable", the serial is revoked and nothing was issued."""

    def failing(*_arguments: object, **_named: object) -> NoReturn:
        raise Refused(Reason.UNAVAILABLE, "the token does not answer")

    world = World().with_issuers()
    monkeypatch.setattr("emca_daemon.ca.cycle.sign_certificate", failing)
    with pytest.raises(Refused) as refused:
        world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING)
    assert refused.value.reason is Reason.UNAVAILABLE
    assert world.actions()[-1] == ("certificate.issue", "failed")
    with world.store.reading() as tx:
        revoked = list(tx.certificates.revoked(ISSUING, world.clock()))
        status = tx.certificates.status(ISSUING, revoked[0].serial)
    assert len(revoked) == 1
    assert status
    assert status.state is CertificateState.ABANDONED


def test_a_manual_profile_waits() -> None:
    """Policy has nothing against it, a person must approve: the request is kept with its reference."""
    world = World()
    world.profiles[SERVER] = replace(world.profiles[SERVER], approval="manual")
    world = World(world.profiles).with_issuers()
    outcome = world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING, reference="order-1")
    assert isinstance(outcome, Pending)
    with world.store.reading() as tx:
        waiting = tx.pending.find("cli", "order-1")
    assert waiting
    assert waiting.id == outcome.request_id
    assert world.actions()[-1] == ("certificate.request", "pending")


def test_the_root_can_issue_too() -> None:
    """A certificate issued by a root comes with an empty chain above it."""
    world = World().with_issuers()
    outcome = world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ROOT)
    assert isinstance(outcome, Issued)
    assert len(outcome.chain) == 1


def test_a_certificate_of_nobody_here_has_no_chain() -> None:
    """A record whose issuer is gone is refused."""
    world = World().with_issuers()
    outcome = world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING)
    assert isinstance(outcome, Issued)
    assert {issuer.name for issuer in world.enrollment.issuers()} == {ROOT, ISSUING}
    foreign = replace(outcome.record, intent=replace(outcome.record.intent, issuer=IssuerName("gone")))
    with pytest.raises(Refused) as refused:
        world.enrollment.chain_of(foreign)
    assert refused.value.reason is Reason.UNKNOWN_CERTIFICATE


def test_an_issuer_changed_meanwhile_signs_nothing() -> None:
    """Between the look at the issuer and the intent another process renews it: try again."""
    world = World().with_issuers()
    authority = world.authorities.get(ISSUING)

    def clock() -> datetime:
        """The time, told after the issuer has been changed."""
        with world.store.writing() as tx:
            tx.issuers.update(replace(authority.record, profile=SERVER))
        return world.clock()

    enrollment = Enrollment(
        store=world.store,
        authorities=world.authorities,
        cycle=world.cycle,
        profiles=world.profiles,
        clock=clock,
        random=system_random,
    )
    facts = server_request("a.example.test")
    with pytest.raises(Refused) as refused:
        enrollment.enroll(facts, SERVER, issuer=ISSUING)
    assert refused.value.reason is Reason.UNAVAILABLE
    with world.store.reading() as tx:
        assert tx.certificates.find_by_key(facts.key.fingerprint) == []


@pytest.mark.parametrize("reason", [RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE])
@pytest.mark.parametrize("protocol", ["acme", "est", "scep", "cmp"])
def test_a_compromised_key_gets_no_certificate_by_whatever_protocol(
    protocol: RequesterProtocol, reason: RevocationReason
) -> None:
    """Once an operator, or somebody with the key, has said so; nor does a request that waited for a person."""
    world = World().with_issuers()
    facts = server_request("a.example.test", requester=replace(BY, protocol="cli"))
    elsewhere = replace(facts, requester=replace(BY, protocol=protocol))
    first = world.enrollment.enroll(facts, SERVER, issuer=ISSUING)
    assert isinstance(first, Issued)
    world.enrollment.enroll(elsewhere, SERVER, issuer=ISSUING)
    world.revoking.revoke(ISSUING, first.record.intent.serial, reason, BY, key_proved=True)
    with pytest.raises(Refused, match="compromised") as refused:
        world.enrollment.enroll(elsewhere, SERVER, issuer=ISSUING)
    assert refused.value.reason is Reason.KEY_REFUSED


@pytest.mark.parametrize(
    ("reason", "proved"), [(RevocationReason.KEY_COMPROMISE, False), (RevocationReason.SUPERSEDED, True)]
)
def test_a_key_is_not_blocked_by_hearsay_or_for_other_reasons(reason: RevocationReason, proved: bool) -> None:
    """Else anybody with an account could keep others from using their keys."""
    world = World().with_issuers()
    facts = server_request("a.example.test")
    first = world.enrollment.enroll(facts, SERVER, issuer=ISSUING)
    assert isinstance(first, Issued)
    world.revoking.revoke(ISSUING, first.record.intent.serial, reason, BY, key_proved=proved)
    assert isinstance(world.enrollment.enroll(facts, SERVER, issuer=ISSUING), Issued)


def test_a_rehearsal_refuses_and_issues_nothing() -> None:
    """As the enrollment would; what waits for a person is no refusal."""
    world = World().with_issuers()
    before = world.actions()
    world.enrollment.rehearse(server_request("a.example.test"), SERVER, issuer=ISSUING)
    assert world.actions() == before
    with pytest.raises(Refused):
        world.enrollment.rehearse(server_request("a..test"), SERVER, issuer=ISSUING)
    assert world.actions() == [*before, ("certificate.request", "refused")]
    world.profiles[SERVER] = replace(world.profiles[SERVER], approval="manual")
    world.enrollment._profiles = world.profiles
    world.enrollment.rehearse(server_request("a.example.test"), SERVER, issuer=ISSUING)
