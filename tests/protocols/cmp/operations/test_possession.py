"""Popdecr: the answer to a challenge, and what comes of the request then."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, rsa, x448, x25519

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body
from emca_daemon.protocols.cmp.exchange import OPERATIONS
from emca_daemon.protocols.cmp.operations.possession import prove
from emca_daemon.protocols.cmp.records import Stage
from emca_daemon.randomness import system_random
from tests.support import cmp_messages as build
from tests.support.cmp_challenges import answered, asked, number
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, enrolled

RSA_KEY = rsa.generate_private_key(65537, 2048)
WRONG = der.integer(7)


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def new_key() -> ec.EllipticCurvePrivateKey:
    """One that nobody has had."""
    return ec.generate_private_key(ec.SECP256R1())


def stage_of(client: Client) -> Stage:
    """Where the client's transaction stands."""
    assert client.transaction_id is not None
    with client.world.ca.store.reading() as tx:
        opened = tx.cmp.get("main", client.transaction_id)
    assert opened is not None
    return opened.stage


@pytest.mark.parametrize(("pvno", "key"), [(2, RSA_KEY), (3, RSA_KEY), (2, new_key()), (3, new_key())])
def test_who_can_decrypt_gets_the_certificate(world: CmpWorld, pvno: int, key: Any) -> None:
    """In the request's own answer, to be confirmed like any other."""
    client = world.client().with_header(pvno=pvno)
    challenge = asked(client, key)
    reply = answered(client, number(challenge, key))
    assert (reply.type, reply.failure, reply.information) == ("ip", "", ["1.3.6.1.5.5.7.4.14"])
    assert reply.certificate.public_key() == key.public_key()
    assert client.confirm(reply.certificate).type == "pkiconf"
    assert world.status_of(reply.certificate) == "good"


@pytest.mark.parametrize("pvno", [2, 3])
@pytest.mark.parametrize(
    "kind", [x25519.X25519PrivateKey, x448.X448PrivateKey, mlkem.MLKEM768PrivateKey, mlkem.MLKEM1024PrivateKey]
)
def test_keys_that_cannot_sign_prove_possession(world: CmpWorld, kind: Any, pvno: int) -> None:
    """X25519, X448, ML-KEM: the number in the envelope gives the certificate, another one does not."""
    client, key = world.client(place={"label": "encryption"}).with_header(pvno=pvno), kind.generate()
    challenge = asked(client, key)
    assert (challenge.type, int(challenge.header["pvno"])) == ("popdecc", 3)
    reply = answered(client, number(challenge, key))
    assert (reply.type, reply.failure) == ("ip", "")
    assert reply.certificate.public_key() == key.public_key()
    assert client.confirm(reply.certificate).type == "pkiconf"
    assert world.status_of(reply.certificate) == "good"
    client = world.client(place={"label": "encryption"})
    assert asked(client, kind.generate()).type == "popdecc"
    assert answered(client, WRONG).failure == "badPOP"


def test_it_may_be_confirmed_implicitly(world: CmpWorld) -> None:
    """Where the request asked for that: possession is proved already."""
    client, key = world.client(), new_key()
    challenge = asked(client.with_header(information=(build.IMPLICIT,)), key)
    client.answered = challenge.octets("senderNonce")
    reply = answered(client, number(challenge, key))
    assert (reply.failure, reply.information) == ("", ["1.3.6.1.5.5.7.4.13"])
    assert client.confirm(reply.certificate).failure == "certConfirmed"


def test_updates_and_requests_by_signature(world: CmpWorld) -> None:
    """Kup and cp; the answer needs no certificate beside its signature, and a second update waits for the first."""
    client, key = enrolled(world, Template("CN=dev1.example")), new_key()
    challenge = asked(client, key, 7)
    assert challenge.type == "popdecc"
    assert asked(client.renewed(), new_key(), 7).failure == "badRequest"
    reply = answered(replace(client, certificates=()), number(challenge, key))
    assert (reply.type, reply.failure) == ("kup", "")
    assert client.renewed().enroll(Template("CN=dev1.example"), 7).failure == "badRequest"
    other = enrolled(world, Template("CN=dev1.example"))
    reply = answered(other, number(asked(other, key := new_key(), 2), key))
    assert (reply.type, reply.failure) == ("cp", "")


def test_another_number_ends_it(world: CmpWorld) -> None:
    """BadPOP in an ip, which is audited; the right number comes too late then, and nothing was issued."""
    client, key = world.client(), new_key()
    challenge = asked(client, key)
    reply = answered(client, WRONG)
    assert (reply.type, reply.failure) == ("ip", "badPOP")
    assert stage_of(client) is Stage.FINISHED
    late = answered(client, number(challenge, key))
    assert (late.type, late.failure) == ("error", "badRequest")
    with world.ca.store.reading() as tx:
        last = [one.event for one in tx.audit.walk()][-2:]
    assert [(one.action, one.outcome) for one in last] == [("cmp.popdecr", "refused")] * 2


@pytest.mark.parametrize("content", [der.NULL, der.sequence(), der.sequence(WRONG, WRONG)])
def test_what_is_no_answer_ends_it_too(world: CmpWorld, content: bytes) -> None:
    """In an ip."""
    client = world.client()
    asked(client, new_key())
    reply = client.send(6, content)
    assert reply.type == "ip"
    assert reply.failure in ("badDataFormat", "badRequest")
    assert stage_of(client) is Stage.FINISHED


def test_an_answer_needs_a_challenge(world: CmpWorld) -> None:
    """BadRequest in an error: in no transaction, or in one that waits for something else; a second answer, too."""
    reply = answered(world.client(), WRONG)
    assert (reply.type, reply.failure) == ("error", "badRequest")
    client = world.client()
    issued = client.enroll(Template())
    assert answered(client, WRONG).failure == "badRequest"
    assert world.status_of(issued.certificate) == "good"
    client, key = world.client(), new_key()
    right = number(asked(client, key), key)
    assert answered(client, right).failure == ""
    reply = answered(client, right)
    assert (reply.type, reply.failure) == ("error", "badRequest")


def test_others_do_not_answer(world: CmpWorld) -> None:
    """Another one's certificate or secret, and another nonce; who was asked may still."""
    client, key = world.client(), new_key()
    right = number(asked(client, key), key)
    signing = replace(enrolled(world), transaction_id=client.transaction_id, answered=client.answered)
    assert answered(signing, right).failure == "wrongIntegrity"
    guessing = replace(client, secret=b"guess")
    assert answered(guessing, right).failure == "badMessageCheck"
    assert answered(replace(client, answered=system_random(16)), right).failure == "badRecipientNonce"
    assert stage_of(client) is Stage.CHALLENGED
    assert answered(client, right).failure == ""


def test_other_bodies_wait_for_the_answer(world: CmpWorld) -> None:
    """Nothing is there to be confirmed or polled for; the request itself is in use; an error ends it."""
    client = world.client()
    asked(client, new_key())
    nonce = client.answered
    certificate = enrolled(world).signer
    assert certificate is not None
    assert client.confirm(certificate[0]).failure == "badRequest"
    client.answered = nonce
    assert client.poll().failure == "badRequest"
    client.answered = None
    assert client.enroll(Template()).failure == "transactionIdInUse"
    assert stage_of(client) is Stage.CHALLENGED
    gave_up = der.sequence(der.sequence(der.integer(2)))
    assert client.send(23, gave_up).type == "pkiconf"
    assert stage_of(client) is Stage.FINISHED


def test_what_policy_refuses_is_refused_then(world: CmpWorld) -> None:
    """In the request's answer; the transaction is over."""
    client, short = world.client(), rsa.generate_private_key(65537, 1024)
    challenge = asked(client, short)
    reply = answered(client, number(challenge, short))
    assert (reply.type, reply.failure) == ("ip", "badCertTemplate")
    assert stage_of(client) is Stage.FINISHED


def test_a_person_may_decide_then(world: CmpWorld) -> None:
    """By the profile of the path that the request was sent to; the client polls."""
    client, key = world.client(place={"label": "slow"}), new_key()
    challenge = asked(client, key)
    client.place = {}
    reply = answered(client, number(challenge, key))
    assert (reply.type, int(reply.status["status"])) == ("ip", 3)
    assert stage_of(client) is Stage.WAITING
    assert client.poll().type == "pollRep"


def test_a_challenge_that_nobody_answers() -> None:
    """Is over after a while, and forgotten after another."""
    world = CmpWorld()
    client, key = world.client(), new_key()
    right = number(asked(client, key), key)
    world.ca.clock.advance(seconds=world.settings.confirm_within.total_seconds() + 1)
    assert world.expiry.run() == 1
    assert stage_of(client) is Stage.FINISHED
    assert answered(client, right).failure == "badRequest"


def test_it_is_what_popdecr_does() -> None:
    """In the table of operations."""
    assert OPERATIONS[Body.POPDECR] is prove
