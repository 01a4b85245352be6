"""Who signs CMP answers."""

from dataclasses import replace

import pytest

from emca_daemon.asn1.cmp import directory_name
from emca_daemon.ca.cmp_signers import CmpSigners
from emca_daemon.ca.records import RevocationReason
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.signers.algorithms import generate
from tests.support.ca_world import BY, ISSUING, World

DAEMON = replace(BY, protocol="daemon")
KEY = KeyName("memory:cmp-issuing")


def signers(world: World, issuer: IssuerName = ISSUING, profile: str = "cmp-responder") -> CmpSigners:
    """The responder of an issuer."""
    return CmpSigners(
        issuer=issuer,
        profile=ProfileName(profile),
        key=None,
        store=world.store,
        authorities=world.authorities,
        enrollment=world.enrollment,
        keys=world.keys,
        clock=world.clock,
    )


@pytest.fixture
def world() -> World:
    """A root and an issuing CA."""
    return World().with_issuers()


def test_before_the_first_certificate(world: World) -> None:
    """Later."""
    with pytest.raises(Refused) as refusal:
        signers(world).current()
    assert refusal.value.reason is Reason.UNAVAILABLE


def test_issued_once_and_renewed_at_half_its_life(world: World) -> None:
    """By whoever has the duty; the others notice within the minute."""
    duty, responder = signers(world), signers(world)
    assert duty.renew(DAEMON) is not None
    assert duty.renew(DAEMON) is None
    first = responder.current()
    assert responder.current() is first
    assert responder.private_key(first).public_key() == first.certificate.public_key()
    assert first.sender == directory_name(first.certificate.subject)
    assert first.algorithm.oid == "1.2.840.10045.4.3.2"
    assert first.certificate.subject.rfc4514_string() == "CN=CMP issuing"
    assert first.chain[1:] == world.authorities.get(ISSUING).record.chain[:1]
    assert first.root == world.authorities.get(ISSUING).record.chain[-1]
    world.clock.advance(days=190)
    assert duty.renew(DAEMON) is not None
    assert responder.current().certificate != first.certificate


def test_another_key_or_a_revocation_makes_another_certificate(world: World) -> None:
    """The certificate is always for the key that is there."""
    duty = signers(world)
    issued = duty.renew(DAEMON)
    assert issued is not None
    world.keys.keys[KEY] = generate("p-256")
    assert duty.renew(DAEMON) is not None
    second = duty.current()
    world.revoking.revoke(ISSUING, issued.record.intent.serial, RevocationReason.SUPERSEDED, BY)
    assert duty.current() is second


def test_without_an_issuer_there_is_nothing_to_renew(world: World) -> None:
    """Not yet made, or revoked; a key out of reach is refused."""
    assert signers(world, IssuerName("nobody")).renew(DAEMON) is None
    world.keys.down = True
    with pytest.raises(Refused) as refusal:
        signers(world).renew(DAEMON)
    assert refusal.value.reason is Reason.UNAVAILABLE


class Waiting:
    """An enrollment in which everything waits."""

    def enroll(self, *_: object, **__: object) -> Pending:
        """As it says."""
        return Pending("1")


class Away:
    """Authorities that cannot be asked."""

    def get(self, _: IssuerName) -> None:
        """As it says."""
        raise Refused(Reason.UNAVAILABLE, "the database is away")


def test_what_cannot_be_is_refused(world: World) -> None:
    """A request of the daemon's own that waits is a fault; a store that is away is no missing issuer."""
    duty = signers(world)
    duty._enrollment = Waiting()  # type: ignore[assignment]
    with pytest.raises(Refused) as refusal:
        duty.renew(DAEMON)
    assert refusal.value.reason is Reason.INTERNAL
    duty._authorities = Away()  # type: ignore[assignment]
    with pytest.raises(Refused) as refusal:
        duty.renew(DAEMON)
    assert refusal.value.reason is Reason.UNAVAILABLE
