"""What the daemon does by itself."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca.authorities import Publication
from emca_daemon.ca.crl import CrlPublishing
from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.ports import Writing
from emca_daemon.ca.records import RevocationReason
from emca_daemon.composition.duties import (
    LEASE,
    LONGEST_OUTAGE_PAUSE,
    LONGEST_PAUSE,
    ROUND,
    Duties,
    Duty,
    ca_duties,
    daemon_requester,
)
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName, ProfileName
from tests.support.ca_world import BY, ISSUING, ROOT, World, server_request


def duties(world: World, holder: str, *own: Duty) -> Duties:
    """The duties of one process."""
    return Duties(store=world.store, holder=holder, clock=world.clock, duties=own)


def test_one_process_at_a_time_has_the_duties() -> None:
    """Another takes over when the lease runs out or is given back."""
    world, done = World(), list[str]()
    first = duties(world, "first", Duty("note", lambda: done.append("first")))
    second = duties(world, "second", Duty("note", lambda: done.append("second")))
    assert first.run() == second.run() == []
    assert done == ["first"]
    world.clock.advance(seconds=LEASE.total_seconds() + 1)
    second.run()
    first.run()
    assert done == ["first", "second"]
    second.stop()
    first.run()
    assert done == ["first", "second", "first"]


def test_an_idle_holder_hardly_writes() -> None:
    """The lease is renewed when half of it is over."""
    world = World()
    taken: list[str] = []
    one = duties(world, "one", Duty("note", lambda: taken.append("x")))
    one.run()
    writing, world.store.writing = world.store.writing, None  # type: ignore[method-assign, assignment]
    world.clock.advance(seconds=LEASE.total_seconds() / 3)
    one.run()
    world.store.writing = writing  # type: ignore[method-assign]
    world.clock.advance(seconds=LEASE.total_seconds() / 3)
    one.run()
    assert len(taken) == 3


def test_a_refused_duty_does_not_stop_the_next() -> None:
    """Both are run, the refusal is told; a store out of reach is told as the lease's."""
    world, done = World(), list[str]()

    def refuse() -> None:
        raise Refused(Reason.UNAVAILABLE, "no token")

    one = duties(world, "one", Duty("first", refuse), Duty("second", lambda: done.append("x")))
    ((name, refusal),) = one.run()
    assert (name, refusal.detail, done) == ("first", "no token", ["x"])

    def down() -> Writing:
        raise Refused(Reason.UNAVAILABLE, "no database")

    world.store.writing = down  # type: ignore[method-assign, assignment]
    world.clock.advance(days=1)
    ((name, _),) = one.run()
    assert name == "lease"


def test_the_cas_own_duties_make_everything_current() -> None:
    """OCSP signers and CRLs come into being, and a second round finds nothing to do."""
    world = World().with_issuers()
    own = ca_duties(
        store=world.store,
        crls=world.crls,
        ocsp_signers=world.ocsp_signers,
        requester=daemon_requester("d"),
        clock=world.clock,
    )
    one = duties(world, "one", *own)
    assert one.run() == []
    with world.store.reading() as tx:
        assert tx.crls.latest(ROOT)
        assert tx.crls.latest(ISSUING)
    events = len(world.actions())
    assert one.run() == []
    assert len(world.actions()) == events


def test_one_issuer_out_of_reach_does_not_keep_back_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its CRL is missing, which is told; the others come out."""
    world = World().with_issuers()
    (_, _, _, crls) = ca_duties(
        store=world.store,
        crls=world.crls,
        ocsp_signers=world.ocsp_signers,
        requester=daemon_requester("d"),
        clock=world.clock,
    )
    get = world.keys.get

    def without_root(name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        if "root" in name:
            raise Refused(Reason.UNAVAILABLE, "the root's token is in the safe")
        return get(name)

    monkeypatch.setattr(world.keys, "get", without_root)
    ((name, refusal),) = duties(world, "one", crls).run()
    assert (name, refusal.detail) == ("CRLs", "the root's token is in the safe")
    with world.store.reading() as tx:
        assert tx.crls.latest(ROOT) is None
        assert tx.crls.latest(ISSUING)


def revoked(world: World) -> None:
    """A certificate of the issuing CA is issued and revoked."""
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=ISSUING)
    assert isinstance(outcome, Issued)
    world.revoking.revoke(ISSUING, outcome.record.intent.serial, RevocationReason.SUPERSEDED, BY)


@pytest.mark.parametrize("late", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("offset", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("longest", [2, 3, 10])
def test_a_revocation_waits_no_longer_than_the_settings_say(longest: int, offset: float, late: float) -> None:
    """Wherever it falls between two rounds, with rounds that are late now and then; and others may still join it."""
    rhythm = Publication(crl_after_change=timedelta(seconds=longest))
    world = World(publication=rhythm).with_issuers()
    one = duties(world, "one", crl_duty(world))
    for _ in range(20):
        one.run()
        world.clock.advance(seconds=ROUND.total_seconds())
    one.run()
    world.clock.advance(seconds=offset)
    revoked(world)
    since, rounds = world.clock(), 0
    with world.store.reading() as tx:
        before = tx.crls.latest(ISSUING)
    world.clock.advance(seconds=ROUND.total_seconds() - offset)
    while True:
        world.clock.advance(seconds=late if rounds % 2 else 0)
        one.run()
        rounds += 1
        with world.store.reading() as tx:
            if tx.crls.latest(ISSUING) != before:
                break
        world.clock.advance(seconds=ROUND.total_seconds() - (late if rounds % 2 == 0 else 0))
    assert timedelta(seconds=longest - 3) <= world.clock() - since <= timedelta(seconds=longest)


def test_a_revocation_from_before_the_start_waits_no_longer_either() -> None:
    """The daemon that begins cannot know since when: the last CRL tells the least."""
    world = World(publication=Publication(crl_after_change=timedelta(seconds=60))).with_issuers()
    duties(world, "one", crl_duty(world)).run()
    revoked(world)
    world.clock.advance(seconds=61)
    other = CrlPublishing(store=world.store, authorities=world.authorities, keys=world.keys, clock=world.clock)
    assert other.due() == (ISSUING,)


def crl_duty(world: World) -> Duty:
    """The duty that publishes CRLs."""
    own = ca_duties(
        store=world.store,
        crls=world.crls,
        ocsp_signers=world.ocsp_signers,
        requester=daemon_requester("d"),
        clock=world.clock,
    )
    return own[-1]


@pytest.mark.parametrize(
    ("reason", "longest"),
    [(Reason.UNAVAILABLE, LONGEST_OUTAGE_PAUSE), (Reason.PROFILE_REFUSED, LONGEST_PAUSE)],
)
def test_a_duty_that_is_refused_again_and_again_rests(reason: Reason, longest: timedelta) -> None:
    """Twice as long each time up to a limit, and not at all once it was done."""
    world, tried = World(), list[datetime]()
    refusing = True

    def attempt() -> None:
        tried.append(world.clock())
        if refusing:
            raise Refused(reason, "no")

    one = duties(world, "one", Duty("attempt", attempt))
    for _ in range(int(longest.total_seconds()) * 4):
        one.run()
        world.clock.advance(seconds=1)
    rests = [after - before for before, after in pairwise(tried)]
    assert rests[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert rests[-1] == max(rests) == longest
    refusing = False
    world.clock.advance(seconds=longest.total_seconds())
    done = len(tried)
    for _ in range(3):
        one.run()
        world.clock.advance(seconds=1)
    assert len(tried) == done + 3
