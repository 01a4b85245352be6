"""What a registration authority says it was sent."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.asn1 import der
from emca_daemon.protocols.cmp.originals import ORIGINAL_MESSAGE
from tests.protocols.cmp.operations.test_enrollment import csr
from tests.protocols.cmp.test_nested import NESTED, asked, inside
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, Reply, enrolled

RA_VERIFIED = b"\x80\x00"
NAMED = Template("CN=dev1")


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


@pytest.fixture(scope="module")
def authority(world: CmpWorld) -> Client:
    """A registration authority."""
    return enrolled(world, Template("CN=RA"), label="ra")


def original(*messages: bytes) -> bytes:
    """The generalInfo with these messages."""
    return der.sequence(der.oid(ORIGINAL_MESSAGE), der.sequence(*messages))


def forwarded(authority: Client, client: Client, message: bytes, nonce: bytes, *said: bytes) -> Reply:
    """The answer to a message inside of the authority's, which says these things of it."""
    outer = authority.renewed().with_header(nonce=nonce, information=said)
    outer.transaction_id = client.transaction_id
    return authority.world.answer(outer.written(NESTED, der.sequence(message)))


def replaced(
    authority: Client, client: Client, *said: bytes, key: ec.EllipticCurvePrivateKey | None = None, tag: int = 0
) -> Reply:
    """The answer to a request of the authority's in the place of a client's, for that key or else the client's."""
    own = authority.renewed().with_header(information=said)
    own.transaction_id = client.transaction_id
    template = Template("CN=dev1", key or NAMED.key)
    return own.send(tag, der.sequence(build.request(template, proof=RA_VERIFIED)))


def asked_for(client: Client) -> bytes:
    """The client's own message."""
    return asked(client, 0, der.sequence(build.request(NAMED)))[0]


def test_what_is_forwarded_as_it_is(world: CmpWorld, authority: Client) -> None:
    """The original is the message inside; another one is not, nor one with another protection: badMessageCheck."""
    client = world.client()
    message, nonce = asked(client)
    other = asked(world.client())[0]
    for said in (original(other), original(message, other), original(message[:-1] + bytes((message[-1] ^ 1,)))):
        reply = forwarded(authority, client, message, nonce, said)
        assert (reply.type, reply.failure, reply.is_protected) == ("error", "badMessageCheck", True)
    assert forwarded(authority, client, message, nonce, original(message)).type == "ip"


def test_what_is_no_original(world: CmpWorld, authority: Client) -> None:
    """No message, none at all, no list, too many."""
    client = world.client()
    message, nonce = asked(client)
    bare = der.sequence(der.oid(ORIGINAL_MESSAGE))
    for said, failure in (
        (original(der.NULL), "badDataFormat"),
        (bare, "badDataFormat"),
        (original(), "badRequest"),
        (original(*[message] * 51), "badRequest"),
    ):
        reply = forwarded(authority, client, message, nonce, said)
        assert (reply.type, reply.failure) == ("error", failure)


def test_originals_of_a_batch(world: CmpWorld, authority: Client) -> None:
    """Are among its messages."""
    first, second, other = (asked(world.client())[0] for _ in range(3))

    def batch(*said: bytes) -> Reply:
        outer = authority.renewed().with_header(information=(original(*said),))
        return world.answer(outer.written(NESTED, der.sequence(first, second)))

    assert batch(first, other).failure == "badMessageCheck"
    assert [one.type for one in inside(batch(second, first))] == ["ip", "ip"]


def test_a_replaced_protection(world: CmpWorld, authority: Client) -> None:
    """For the same key in the same transaction: accepted."""
    client = world.client()
    assert replaced(authority, client, original(asked_for(client))).failure == ""


def test_an_original_about_something_else(world: CmpWorld, authority: Client) -> None:
    """Another key, transaction or body: badMessageCheck in an error; two of them: badRequest; nothing is issued."""
    client = world.client()
    message = asked_for(client)
    elsewhere = asked_for(world.client())
    other_key = ec.generate_private_key(ec.SECP256R1())
    for reply in (
        replaced(authority, client, original(message), key=other_key),
        replaced(authority, client, original(elsewhere)),
        replaced(authority, client, original(message), tag=2),
    ):
        assert (reply.type, reply.failure, reply.is_protected) == ("error", "badMessageCheck", True)
    assert replaced(authority, client, original(message, message)).failure == "badRequest"
    assert replaced(authority, client, original(message)).failure == ""


def test_an_original_that_was_signed(world: CmpWorld, authority: Client) -> None:
    """Its signature must be right, whoever has signed it; a MAC may be by a secret of the authority's own."""
    signing = enrolled(world)
    message = asked_for(signing)
    broken = message.replace(b"dev1", b"dev2", 1)
    assert broken != message
    reply = replaced(authority, signing, original(broken))
    assert (reply.type, reply.failure) == ("error", "badMessageCheck")
    unreadable = replace(signing, certificates=(der.sequence(),))
    assert replaced(authority, signing, original(asked_for(unreadable))).failure == "badMessageCheck"
    for said in (signing, replace(signing, certificates=()), world.client(secret=b"known to the authority")):
        client = said.renewed()
        assert replaced(authority, client, original(asked_for(client))).failure == ""


def test_a_replaced_pkcs10(world: CmpWorld, authority: Client) -> None:
    """Is the same, since its own key has signed it."""
    client = world.client()
    mine, other = csr(), csr("CN=dev2")
    message = asked(client, 4, mine)[0]
    for content, failure in ((other, "badMessageCheck"), (mine, "")):
        own = authority.renewed().with_header(information=(original(message),))
        own.transaction_id = client.transaction_id
        assert own.send(4, content).failure == failure


def test_others_may_say_what_they_like(world: CmpWorld) -> None:
    """It is not minded, like other generalInfo."""
    client = world.client().with_header(information=(original(der.NULL),))
    assert client.enroll(Template()).failure == ""
