"""Messages of others inside of a registration authority's."""

from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives import hashes

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.protocols.cmp.calls import Origin
from emca_daemon.protocols.cmp.nested import DEEPEST, MOST_MESSAGES, inside_of
from emca_daemon.randomness import system_random
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, Reply, enrolled

NESTED = 20


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


@pytest.fixture(scope="module")
def authority(world: CmpWorld) -> Client:
    """A registration authority."""
    return enrolled(world, Template("CN=RA"), label="ra")


def asked(client: Client, tag: int = 0, content: bytes | None = None) -> tuple[bytes, bytes]:
    """A client's message and its nonce: an ir, or what is given."""
    nonce = system_random(16)
    if content is None:
        content = der.sequence(build.request(Template()))
    return client.with_header(nonce=nonce).written(tag, content), nonce


def forwarded(authority: Client, client: Client, message: bytes, nonce: bytes, **place: str) -> Reply:
    """The answer to a message that the authority has added its protection to."""
    return authority.world.answer(wrapped(authority, client, message, nonce), **place)


def wrapped(authority: Client, client: Client, message: bytes, nonce: bytes) -> bytes:
    """A message with an authority's protection added."""
    outer = authority.renewed().with_header(nonce=nonce)
    outer.transaction_id = client.transaction_id
    return outer.written(NESTED, der.sequence(message))


def batch(authority: Client, messages: Sequence[bytes], **place: str) -> Reply:
    """The answer to several messages together."""
    return authority.world.answer(authority.renewed().written(NESTED, der.sequence(*messages)), **place)


def inside(reply: Reply) -> list[Reply]:
    """The answers in an answer."""
    assert reply.type == "nested"
    body = sequence_parts(reply.data, "PKIMessage")[1]
    return [Reply(encoded(part)) for part in sequence_parts(bytes(body.data), "PKIMessages")]


def events(world: CmpWorld) -> list[tuple[str, str]]:
    """What was audited of nested messages."""
    with world.ca.store.reading() as tx:
        found = [one.event for one in tx.audit.walk()]
    return [(one.outcome, one.actor) for one in found if one.action == "cmp.nested"]


def test_an_authority_adds_its_protection(world: CmpWorld, authority: Client) -> None:
    """The answer is the one to the message inside, by the secret of who wrote it; the rest goes the same way."""
    client = world.client()
    before = len(events(world))
    message = asked(client)
    reply = forwarded(authority, client, *message)
    assert (reply.type, reply.failure, reply.algorithm) == ("ip", "", "1.2.840.113533.7.66.13")
    client.answered = reply.octets("senderNonce")
    digest = reply.certificate.fingerprint(hashes.SHA256())
    accepted = der.sequence(der.sequence(der.octet_string(digest), der.integer(0)))
    assert forwarded(authority, client, *asked(client, 24, accepted)).type == "pkiconf"
    assert world.status_of(reply.certificate) == "good"
    assert forwarded(authority, client, *message).failure == "transactionIdInUse"
    assert events(world)[before:] == [("success", "CN=RA")]


def test_what_identifies_the_message_is_repeated(authority: Client, world: CmpWorld) -> None:
    """Another transactionID: badRequest; another senderNonce: badSenderNonce; both in an error to the authority."""
    client = world.client()
    message, nonce = asked(client)
    reply = forwarded(authority, world.client(), message, nonce)
    assert (reply.type, reply.failure) == ("error", "badRequest")
    reply = forwarded(authority, client, message, system_random(16))
    assert (reply.type, reply.failure, reply.is_protected) == ("error", "badSenderNonce", True)
    assert events(world)[-2:] == [("refused", "CN=RA"), ("refused", "CN=RA")]


def test_who_may_forward(world: CmpWorld, authority: Client) -> None:
    """Holders of other certificates: notAuthorized; a secret is no signature; a wrong signature proves nothing."""
    client = world.client()
    message, nonce = asked(client)
    assert forwarded(enrolled(world), client, message, nonce).failure == "notAuthorized"
    assert forwarded(world.client(), client, message, nonce).failure == "wrongIntegrity"
    stranger = enrolled(world).signer
    assert stranger is not None
    assert authority.signer is not None
    forged = world.client(signer=(authority.signer[0], stranger[1]))
    reply = forwarded(forged, client, message, nonce)
    assert (reply.type, reply.failure, reply.is_protected) == ("error", "badMessageCheck", True)
    assert forwarded(authority, client, message, nonce).failure == ""


def test_the_message_inside_is_proved_by_itself(world: CmpWorld, authority: Client) -> None:
    """A wrong secret is not healed by the authority, nor may its words vouch for possession."""
    client = world.client(secret=b"guess")
    reply = forwarded(authority, client, *asked(client))
    assert (reply.failure, reply.is_protected) == ("badMessageCheck", False)
    holder = enrolled(world)
    vouched = der.sequence(build.request(Template(), proof=b"\x80\x00"))
    assert forwarded(authority, holder, *asked(holder, 2, vouched)).failure == "notAuthorized"
    own = authority.renewed()
    template = der.sequence(build.request(Template("CN=dev9"), proof=b"\x80\x00"))
    assert forwarded(authority, own, *asked(own, 2, template)).failure == ""


def test_authorities_behind_each_other(world: CmpWorld, authority: Client) -> None:
    """As many as may be; more: badRequest, to the innermost that was looked at."""
    client = world.client()
    message, nonce = asked(client)
    for _ in range(DEEPEST):
        message = wrapped(authority, client, message, nonce)
    assert world.answer(message).failure == ""
    other = world.client()
    message, nonce = asked(other)
    for _ in range(DEEPEST + 1):
        message = wrapped(authority, other, message, nonce)
    assert world.answer(message).failure == "badRequest"


def test_a_batch(world: CmpWorld, authority: Client) -> None:
    """Every message is answered as if it had come alone, all in an answer that the responder signs."""
    good, bad, signed = world.client(), world.client(secret=b"guess"), enrolled(world)
    messages = [asked(good)[0], asked(bad)[0], asked(signed, 21, der.sequence())[0]]
    before = len(events(world))
    reply = batch(authority, messages, operation="nested")
    answers = inside(reply)
    assert [one.type for one in answers] == ["ip", "error", "genp"]
    assert [one.octets("transactionID") for one in answers] == [one.transaction_id for one in (good, bad, signed)]
    assert reply.algorithm == "1.2.840.10045.4.3.2"
    assert answers[0].certificate is not None
    assert answers[1].failure == "badMessageCheck"
    assert events(world)[before:] == [("success", "CN=RA")]


def test_a_broken_message_in_a_batch(world: CmpWorld, authority: Client) -> None:
    """Is answered by its own error, in its place; the others are answered as ever."""
    good, bad = world.client(), world.client()
    header = encoded(sequence_parts(asked(bad)[0], "PKIMessage")[0])
    cut = der.sequence(header, der.NULL)
    before = len(events(world))
    reply = batch(authority, [cut, asked(good)[0], der.NULL])
    answers = inside(reply)
    assert [one.type for one in answers] == ["error", "ip", "error"]
    assert [one.failure for one in answers] == ["badDataFormat", "", "badDataFormat"]
    assert [one.is_protected for one in answers] == [False, True, False]
    assert answers[0].octets("transactionID") == bad.transaction_id
    assert not answers[2].header["transactionID"].isValue
    assert events(world)[before:] == [("success", "CN=RA")]


def test_a_batch_of_broken_messages(world: CmpWorld, authority: Client) -> None:
    """Is answered by as many errors; a broken one alone refuses the message around it."""
    assert [one.type for one in inside(batch(authority, [der.NULL, der.NULL]))] == ["error", "error"]
    assert batch(authority, [der.NULL]).type == "error"


def test_a_batch_is_answered_once(world: CmpWorld, authority: Client) -> None:
    """Its transactionID is in use then, which is said without a word in the audit chain."""
    written = authority.renewed().written(NESTED, der.sequence(*(asked(world.client())[0] for _ in range(2))))
    assert world.answer(written).type == "nested"
    before = len(events(world))
    assert world.answer(written).failure == "transactionIdInUse"
    assert len(events(world)) == before


def test_messages_of_a_batch_are_different(world: CmpWorld, authority: Client) -> None:
    """One id: transactionIdInUse; one nonce: badSenderNonce; nothing inside is done then."""
    client = world.client()
    message, nonce = asked(client)
    again = asked(world.client(transaction_id=client.transaction_id))[0]
    assert batch(authority, [message, again]).failure == "transactionIdInUse"
    same = world.client().with_header(nonce=nonce).written(0, der.sequence(build.request(Template())))
    assert batch(authority, [message, same]).failure == "badSenderNonce"
    assert world.answer(message).failure == ""


def test_what_a_batch_does_not_hold(world: CmpWorld, authority: Client) -> None:
    """Nothing, nothing that is no message, nothing nested, not too many; nor is it itself in another message."""
    assert batch(authority, []).failure == "badDataFormat"
    assert batch(authority, [der.NULL]).failure == "badDataFormat"
    message, nonce = asked(world.client())
    client = world.client()
    deeper = wrapped(authority, client, *asked(client))
    assert batch(authority, [message, deeper]).failure == "badRequest"
    assert batch(authority, [message] * (MOST_MESSAGES + 1)).failure == "badRequest"
    pair = der.sequence(message, asked(world.client())[0])
    own = authority.renewed().with_header(nonce=nonce)
    assert forwarded(authority, own, own.written(NESTED, pair), nonce).failure == "badRequest"


def test_paths(world: CmpWorld, authority: Client) -> None:
    """An added protection goes to the path of the message inside, or to that of nested; a batch to the latter."""
    client = world.client()
    message = asked(client)
    assert forwarded(authority, client, *message, operation="kur").failure == "badRequest"
    assert forwarded(authority, client, *message, operation="ir").failure == ""
    pair = [asked(world.client())[0] for _ in range(2)]
    assert batch(authority, pair, operation="ir").failure == "badRequest"
    assert inside_of(Origin("192.0.2.9", "req-9", "slow", "nested")) == Origin("192.0.2.9", "req-9", "slow")
    assert inside_of(Origin("192.0.2.9", "req-9", "", "ir")).operation == "ir"


def test_the_authoritys_header(world: CmpWorld, authority: Client) -> None:
    """Is looked at like any other."""
    client = world.client()
    message, nonce = asked(client)
    outer = authority.renewed().with_header(nonce=nonce, pvno=1)
    outer.transaction_id = client.transaction_id
    assert world.answer(outer.written(NESTED, der.sequence(message))).failure == "unsupportedVersion"
