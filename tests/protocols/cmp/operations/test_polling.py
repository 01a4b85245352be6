"""pollReq."""

import pytest

from emca_daemon.asn1 import der
from emca_daemon.ca.records import RequestState, RevocationReason
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, enrolled, settings


@pytest.fixture
def world() -> CmpWorld:
    """An endpoint; the old certificate ends with its update."""
    return CmpWorld(settings(revoke_updated=True))


def waiting(world: CmpWorld, **changes: object) -> Client:
    """A client that was told to come again."""
    client = world.client(place={"label": "slow"}).with_header(**changes)
    reply = client.enroll(Template("O=Example,CN=a"))
    assert (reply.type, int(reply.status["status"]), reply.failure) == ("ip", 3, "")
    return client


def pending(world: CmpWorld) -> str:
    """The id of the request that waits."""
    with world.ca.store.reading() as tx:
        (request,) = tx.pending.list(RequestState.WAITING)
    return request.id


@pytest.mark.parametrize("request_id", [0, -1])
def test_come_again_until_it_is_there(world: CmpWorld, request_id: int) -> None:
    """PollRep with the same id and the seconds to wait; then the certificate, to be confirmed as always."""
    client = waiting(world)
    reply = client.poll(request_id)
    assert reply.type == "pollRep"
    assert (int(reply.body[0]["certReqId"]), int(reply.body[0]["checkAfter"])) == (request_id, 30)
    world.ca.approval.approve(pending(world), BY)
    reply = client.poll(request_id)
    assert (reply.type, int(reply.status["status"])) == ("ip", 1)  # the subject is in another order
    assert client.confirm(reply.certificate).type == "pkiconf"
    assert client.poll().failure == "badRequest"


def test_answers_to_polls_may_be_lost(world: CmpWorld) -> None:
    """A poll by the nonce of the answer before gets the same answer once more, the certificate's too."""
    client = waiting(world)
    told = client.answered
    lost = client.poll()
    client.answered = told
    again = client.poll()
    assert (lost.type, again.type) == ("pollRep", "pollRep")
    assert again.octets("senderNonce") == lost.octets("senderNonce")
    world.ca.approval.approve(pending(world), BY)
    told = client.answered
    lost = client.poll()
    client.answered = told
    again = client.poll()
    assert (lost.type, again.type) == ("ip", "ip")
    assert again.certificate == lost.certificate
    assert client.confirm(again.certificate).type == "pkiconf"
    client.answered = told
    assert client.poll().failure == "badRecipientNonce"


def test_polls_may_repeat_the_first_nonce_for_ever(world: CmpWorld) -> None:
    """That of the answer that told them to wait (RFC 9483 4.4); not where it is strict, nor any other."""
    client = waiting(world)
    told = client.answered
    for _ in range(3):
        client.answered = told
        assert client.poll().type == "pollRep"
    client.answered = bytes(16)
    assert client.poll().failure == "badRecipientNonce"
    strict = CmpWorld(settings(strict=True))
    client = waiting(strict)
    told = client.answered
    assert client.poll().type == "pollRep"
    client.answered = told
    assert client.poll().failure == "badRecipientNonce"


def test_lost_with_an_implicit_confirmation(world: CmpWorld) -> None:
    """The same certificate, unless it is revoked meanwhile."""
    client = waiting(world, information=(build.IMPLICIT,)).with_header(information=())
    issued = world.ca.approval.approve(pending(world), BY)
    told = client.answered
    first = client.poll()
    client.answered = told
    assert client.poll().certificate == first.certificate
    world.ca.revoking.revoke(ISSUING, issued.record.intent.serial, RevocationReason.UNSPECIFIED, BY)
    client.answered = told
    assert client.poll().failure == "certRevoked"


def test_implicit_confirmation_is_remembered(world: CmpWorld) -> None:
    """Asked for in the first message, granted with the certificate."""
    client = waiting(world, information=(build.IMPLICIT,))
    world.ca.approval.approve(pending(world), BY)
    assert client.with_header(information=()).poll().information == ["1.3.6.1.5.5.7.4.13"]


def test_turned_down(world: CmpWorld) -> None:
    """A rejection, with what the person said."""
    client = waiting(world)
    world.ca.approval.reject(pending(world), BY, "not on my watch")
    reply = client.poll()
    assert (reply.type, reply.failure) == ("ip", "notAuthorized")
    assert "not on my watch" in str(reply.status["statusString"][0])
    assert client.poll().failure == "badRequest"


def test_turned_down_without_a_word(world: CmpWorld) -> None:
    """A rejection."""
    client = waiting(world)
    world.ca.approval.reject(pending(world), BY)
    assert client.poll().failure == "notAuthorized"


def test_revoked_before_it_was_fetched(world: CmpWorld) -> None:
    """CertRevoked."""
    client = waiting(world)
    issued = world.ca.approval.approve(pending(world), BY)
    world.ca.revoking.revoke(ISSUING, issued.record.intent.serial, RevocationReason.UNSPECIFIED, BY)
    assert client.poll().failure == "certRevoked"


def test_what_is_asked_must_fit(world: CmpWorld) -> None:
    """One id, the one of the request."""
    client = waiting(world)
    answered = client.answered
    assert client.poll(5).failure == "badRequest"
    client.answered = answered
    two = der.sequence(der.sequence(der.integer(0)), der.sequence(der.integer(0)))
    assert client.send(25, two).failure == "badRequest"


def test_updates_may_wait_too(world: CmpWorld) -> None:
    """The old certificate ends when the new one is fetched, where confirmation is implicit."""
    client = enrolled(world)
    assert client.signer is not None
    client.place = {"label": "slow"}
    asking = client.with_header(information=(build.IMPLICIT,))
    assert int(asking.enroll(tag=7).status["status"]) == 3
    world.ca.approval.approve(pending(world), BY)
    client.answered = asking.answered
    assert client.poll().type == "kup"
    assert world.status_of(client.signer[0]) == "SUPERSEDED"
