"""Full CRLs."""

from datetime import timedelta

import pytest
from cryptography import x509

from emca_daemon.ca.authorities import Publication
from emca_daemon.ca.crl import CrlAge
from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.records import IssuedCrl, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName, SerialNumber
from tests.support.ca_world import BY, ISSUING, ROOT, World, server_request

RHYTHM = Publication(crl_every=timedelta(hours=6), crl_valid=timedelta(days=2), crl_after_change=timedelta(seconds=30))


@pytest.fixture
def world() -> World:
    """A CA with issuers and a rhythm of CRLs."""
    return World(publication=RHYTHM).with_issuers()


def issue(world: World) -> SerialNumber:
    """The serial of a fresh certificate."""
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=ISSUING)
    assert isinstance(outcome, Issued)
    return outcome.record.intent.serial


def parsed(crl: IssuedCrl) -> x509.CertificateRevocationList:
    """The CRL as a relying party reads it."""
    return x509.load_der_x509_crl(crl.der)


@pytest.mark.parametrize("algorithm", ["p-256", "rsa-2048", "ed25519", "ml-dsa-44"])
def test_a_crl_verifies_and_says_when_the_next_one_comes(algorithm: str) -> None:
    """Signature, issuer, number, key identifier and times are right, for every kind of key."""
    world = World(publication=RHYTHM).with_issuers(algorithm)
    crl = parsed(world.crls.publish(ISSUING, BY))
    authority = world.authorities.get(ISSUING)
    assert crl.is_signature_valid(authority.public_key)
    assert crl.issuer == authority.certificate.subject
    assert crl.next_update_utc == world.clock() + RHYTHM.crl_valid
    identifier = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert identifier.key_identifier == authority.key_identifier
    assert world.actions()[-1] == ("crl.publish", "success")


def test_numbers_increase_strictly(world: World) -> None:
    """Every CRL has a higher number than all before."""
    numbers = [world.crls.publish(ISSUING, BY).number for _ in range(5)]
    assert numbers == sorted(set(numbers))
    crl = parsed(world.crls.publish(ISSUING, BY))
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number > numbers[-1]


def test_the_revoked_are_listed_and_the_released_are_not(world: World) -> None:
    """Revoked and held certificates are on the list; a released one leaves it."""
    revoked, held = issue(world), issue(world)
    world.revoking.revoke(ISSUING, revoked, RevocationReason.KEY_COMPROMISE, BY)
    world.revoking.revoke(ISSUING, held, RevocationReason.CERTIFICATE_HOLD, BY)
    first = world.crls.publish(ISSUING, BY)
    assert {entry.serial_number for entry in parsed(first)} == {revoked, held}
    assert first.entries == 2
    world.revoking.release(ISSUING, held, BY)
    assert [entry.serial_number for entry in parsed(world.crls.publish(ISSUING, BY))] == [revoked]


def test_one_that_expired_leaves_after_a_while(world: World) -> None:
    """An expired certificate stays for at least one more CRL, then goes."""
    serial = issue(world)
    world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY)
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, serial)
    assert record
    world.clock.now = record.intent.not_after + timedelta(hours=1)
    assert world.crls.publish(ISSUING, BY).entries == 1
    world.clock.advance(days=30)
    assert world.crls.publish(ISSUING, BY).entries == 0


def test_one_that_expired_waits_for_the_next_scheduled_crl() -> None:
    """However seldom CRLs come out (RFC 5280 3.3)."""
    rare = Publication(crl_every=timedelta(days=90), crl_valid=timedelta(days=100))
    world = World(publication=rare).with_issuers()
    serial = issue(world)
    world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY)
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, serial)
    assert record
    world.clock.now = record.intent.not_after + timedelta(days=90)
    assert world.crls.publish(ISSUING, BY).entries == 1
    world.clock.advance(days=30)
    assert world.crls.publish(ISSUING, BY).entries == 0


def test_a_crl_is_due_by_schedule_and_after_a_change(world: World) -> None:
    """First never published, then by the hour, then a while after a status change and not before."""
    assert set(world.crls.due()) == {ROOT, ISSUING}
    for name in (ROOT, ISSUING):
        world.crls.publish(name, BY)
    assert world.crls.due() == ()
    world.revoking.revoke(ISSUING, issue(world), RevocationReason.SUPERSEDED, BY)
    assert world.crls.due() == ()
    world.clock.advance(seconds=20)
    assert world.crls.due(timedelta(seconds=9)) == ()
    assert world.crls.due(timedelta(seconds=10)) == (ISSUING,)
    world.clock.advance(seconds=10)
    assert world.crls.due() == (ISSUING,)
    world.crls.publish(ISSUING, BY)
    assert world.crls.due() == ()
    world.clock.advance(hours=6)
    assert set(world.crls.due()) == {ROOT, ISSUING}


def test_a_clock_that_was_set_back_ends_the_wait(world: World) -> None:
    """A status change does not wait until the clock has caught up."""
    for name in (ROOT, ISSUING):
        world.crls.publish(name, BY)
    world.revoking.revoke(ISSUING, issue(world), RevocationReason.SUPERSEDED, BY)
    assert world.crls.due() == ()
    world.clock.advance(hours=-1)
    assert world.crls.due() == (ISSUING,)


def test_an_unknown_issuer_and_a_key_that_is_down_are_refused(world: World) -> None:
    """Nothing is published then, and no number is lost to a half-made list."""
    with pytest.raises(Refused) as refused:
        world.crls.publish(IssuerName("nobody"), BY)
    assert refused.value.reason is Reason.NOT_FOUND
    world.keys.down = True
    with pytest.raises(Refused) as refused:
        world.crls.publish(ISSUING, BY)
    assert refused.value.reason is Reason.UNAVAILABLE
    with world.store.reading() as tx:
        assert tx.crls.latest(ISSUING) is None


def test_a_revoked_issuer_still_publishes(world: World) -> None:
    """Its certificates must still be revocable for relying parties that do not know."""
    world.hierarchy.revoke(ISSUING, RevocationReason.CESSATION_OF_OPERATION, BY)
    assert world.crls.publish(ISSUING, BY).issuer == ISSUING
    assert world.crls.publish(ROOT, BY).entries == 1


def test_age_is_what_remains_of_the_latest(world: World) -> None:
    """Negative without a CRL, else the time to its nextUpdate."""
    age = CrlAge(world.store, world.authorities, world.clock)
    assert age.remaining()[ISSUING] < timedelta(0)
    world.crls.publish(ISSUING, BY)
    world.clock.advance(days=1)
    assert age.remaining()[ISSUING] == timedelta(days=1)
    assert age.ages() == {ISSUING: 86400.0}
