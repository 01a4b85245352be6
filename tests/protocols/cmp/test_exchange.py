"""From the octets of a request to those of its answer."""

from contextlib import suppress
from random import Random  # noqa: TID251 - chance that a seed repeats

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.calls import Origin
from emca_daemon.protocols.cmp.exchange import Exchange
from tests.support import cmp_messages as build
from tests.support.cmp_corpus import bodies
from tests.support.cmp_kem import parameters
from tests.support.cmp_messages import Template
from tests.support.cmp_world import CmpWorld, Reply, enrolled, settings
from tests.support.mutations import mutated

ORIGIN = Origin("192.0.2.9", "req-9")
KMAC = der.sequence(der.oid("2.16.840.1.101.3.4.2.19"), der.sequence(der.integer(512), der.octet_string(b"custom")))
GMAC = der.sequence(der.oid("2.16.840.1.101.3.4.1.9"), der.sequence(der.octet_string(b"twelve octet"), der.integer(16)))
NOT_MINDED = pytest.mark.filterwarnings("ignore::UserWarning")
"""What cryptography says of names and serial numbers that are odd, but can be read."""


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def test_octets_behind_the_message(world: CmpWorld) -> None:
    """badDataFormat, in a bare error that names transaction and nonce."""
    client = world.client()
    data = client.written(0, der.sequence(build.request(Template())))
    reply = Reply(world.exchange.answer(data + b"X", ORIGIN))
    assert (reply.type, reply.failure, reply.is_protected) == ("error", "badDataFormat", False)
    assert reply.octets("transactionID") == client.transaction_id


@pytest.mark.parametrize("data", [b"", b"0", b"GET / HTTP/1.1", der.NULL, der.sequence()])
def test_what_is_no_message_is_refused(world: CmpWorld, data: bytes) -> None:
    """For HTTP to say so."""
    with pytest.raises(Refused) as refusal:
        world.exchange.answer(data, ORIGIN)
    assert refusal.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("tag", [1, 3, 5, 6, 8, 9, 10, 12, 14, 15, 16, 17, 18, 19, 22, 26])
def test_other_bodies_are_refused(world: CmpWorld, tag: int) -> None:
    """badRequest, in a protected error."""
    reply = world.client().send(tag, der.NULL)
    assert (reply.type, reply.failure, reply.is_protected) == ("error", "badRequest", True)


@pytest.mark.parametrize("tag", [0, 2, 4, 11, 21, 24, 25])
def test_broken_bodies_are_refused(world: CmpWorld, tag: int) -> None:
    """badDataFormat, in the reply of the request where it has one."""
    client = enrolled(world)
    expected = {0: "ip", 2: "cp", 4: "cp", 11: "rp"}.get(tag, "error")
    reply = client.send(tag, der.NULL)
    assert reply.type == expected
    assert reply.failure == ("badDataFormat" if tag not in (24, 25) else "badRequest")


def test_an_error_of_the_client_ends_its_transaction(world: CmpWorld) -> None:
    """pkiconf; the certificate is withdrawn. Without a transaction it is confirmed all the same."""
    content = der.sequence(der.sequence(der.integer(2)))
    client = world.client()
    certificate = client.enroll().certificate
    assert client.send(23, content).type == "pkiconf"
    assert world.status_of(certificate) == "CESSATION_OF_OPERATION"
    assert client.send(23, content).type == "pkiconf"
    assert world.client().send(23, content).type == "pkiconf"
    waiting = world.client(place={"label": "slow"})
    waiting.enroll()
    assert waiting.send(23, content).type == "pkiconf"
    assert waiting.poll().failure == "badRequest"


def test_an_error_of_somebody_else_ends_nothing(world: CmpWorld) -> None:
    """BadMessageCheck."""
    world.people.secrets["other"] = world.people.secrets["dev1"]
    client = world.client()
    certificate = client.enroll().certificate
    stranger = world.client(reference=b"other", transaction_id=client.transaction_id)
    assert stranger.send(23, der.sequence(der.sequence(der.integer(2)))).failure == "badMessageCheck"
    signed = enrolled(world)
    signed.transaction_id = client.transaction_id
    assert signed.send(23, der.sequence(der.sequence(der.integer(2)))).failure == "wrongIntegrity"
    assert world.status_of(certificate) == "good"


def test_another_certificate_does_not_confirm(world: CmpWorld) -> None:
    """badRequest, also for the new certificate itself."""
    client = enrolled(world)
    template = Template()
    certificate = client.enroll(template, tag=2).certificate
    assert template.key is not None
    new = world.client(signer=(certificate, template.key), transaction_id=client.transaction_id)
    new.answered = client.answered
    assert new.confirm(certificate).failure == "badRequest"


@pytest.mark.parametrize(
    ("operation", "failure"), [("ir", ""), ("", ""), ("kur", "badRequest"), ("caCerts", "badRequest")]
)
def test_the_path_is_that_of_the_body(world: CmpWorld, operation: str, failure: str) -> None:
    """And follow-ups go to the path of the first message."""
    client = world.client(place={"operation": operation})
    reply = client.enroll()
    assert reply.failure == failure
    if not failure:
        assert client.confirm(reply.certificate).type == "pkiconf"


def test_general_messages_have_paths_of_their_own(world: CmpWorld) -> None:
    """By what they ask."""
    client = world.client(place={"operation": "caCerts"})
    assert client.ask("1.3.6.1.5.5.7.4.17").type == "genp"
    assert client.renewed().ask("1.3.6.1.5.5.7.4.6").failure == "badRequest"


def test_any_process_goes_on_with_a_transaction(world: CmpWorld) -> None:
    """What one has begun another confirms; nothing of it is in memory."""
    client = enrolled(world)
    certificate = client.enroll(tag=2).certificate
    here = world.exchange
    try:
        world.exchange = Exchange(world.make_endpoint())
        client.certificates = ()
        assert client.confirm(certificate).type == "pkiconf"
    finally:
        world.exchange = here


def test_refusals_are_audited(world: CmpWorld) -> None:
    """With the failure; those of policy by the CA itself."""
    world.client().enroll(proof=b"")
    with world.ca.store.reading() as tx:
        last = list(tx.audit.walk())[-1].event
    assert (last.action, last.outcome, last.details["failure"]) == ("cmp.ir", "refused", "bad_pop")
    assert (last.actor, last.proof, last.origin) == ("dev1", "shared-secret", "192.0.2.9")


def wrong_secrets(world: CmpWorld) -> list[tuple[str, object]]:
    """What was audited of wrong secrets."""
    with world.ca.store.reading() as tx:
        found = [one.event for one in tx.audit.walk()]
    return [(one.subject, one.details["attempts"]) for one in found if one.action == "cmp.secret"]


def test_wrong_secrets_are_audited_once_in_a_row() -> None:
    """The first and the one that locks; references that there are not are nobody, all together."""
    world = CmpWorld(settings(attempts=3))
    for number in range(5):
        assert world.client(secret=b"guess").enroll().failure == "badMessageCheck"
        assert world.client(reference=str(number).encode()).enroll().failure == "badMessageCheck"
    assert wrong_secrets(world) == [("main/dev1", 1), ("main/", 1), ("main/dev1", 3), ("main/", 3)]
    world.ca.clock.advance(seconds=61)
    assert world.client().enroll().failure == ""
    assert world.client(secret=b"guess").enroll().failure == "badMessageCheck"
    assert wrong_secrets(world)[4:] == [("main/dev1", 1)]


def answered(world: CmpWorld, data: bytes) -> Reply | None:
    """The answer, which another decoder can read; None where there was no message to be answered."""
    try:
        answer = world.exchange.answer(data, ORIGIN)
    except Refused as refusal:
        if refusal.reason is not Reason.MALFORMED:
            raise
        return None
    return Reply(answer)


def check_broken_bodies(world: CmpWorld, random: Random) -> None:
    """A body of each kind is broken and protected: the answer names transaction and nonce, whatever it says."""
    signing = enrolled(world)
    assert signing.signer is not None
    for tag, content in bodies(signing.signer[0]):
        for client in (world.client(), signing.renewed()):
            nonce = random.randbytes(16)
            told = client.with_header(nonce=nonce, pvno=random.choice((2, 3)))
            reply = answered(world, told.written(tag, mutated(content, random)))
            assert reply is not None
            assert reply.octets("transactionID") == client.transaction_id
            assert reply.octets("recipNonce") == nonce


def check_broken_messages(world: CmpWorld, random: Random) -> None:
    """A message of each kind is broken anywhere: it is answered by a message, or is none."""
    signing = enrolled(world)
    assert signing.signer is not None
    for tag, content in bodies(signing.signer[0]):
        for client in (world.client(), signing.renewed()):
            answered(world, mutated(client.written(tag, content), random))
    authority = enrolled(world, Template("CN=RA"), label="ra")
    batch = [world.client().written(tag, content) for tag, content in bodies(signing.signer[0])[:4]]
    answered(world, authority.written(20, mutated(der.sequence(*batch), random)))
    for algorithm in (build.pbmac1(), build.pbmac1(mac=GMAC), GMAC, KMAC, parameters(context=b"context")):
        told = world.client().with_header(algorithm=mutated(algorithm, random))
        answered(world, told.written(0, der.sequence(build.request(Template()))))


@NOT_MINDED
@given(random=st.integers(0, 2**32 - 1).map(Random))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3, deadline=None)
def test_broken_bodies_get_a_correlated_answer(world: CmpWorld, random: Random) -> None:
    """Parts replaced, doubled, left out, made deep: never another exception, never another transaction."""
    check_broken_bodies(world, random)


@NOT_MINDED
@given(random=st.integers(0, 2**32 - 1).map(Random))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3, deadline=None)
def test_broken_messages_get_an_answer_or_a_refusal(world: CmpWorld, random: Random) -> None:
    """The same with headers, protections and certificates."""
    check_broken_messages(world, random)


@NOT_MINDED
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_many_broken_messages(world: CmpWorld, seed: int) -> None:
    """The same some thousand times."""
    check_broken_bodies(world, Random(seed))
    check_broken_messages(world, Random(seed))


@given(data=st.binary(max_size=400))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_octets_get_an_answer_or_a_refusal(world: CmpWorld, data: bytes) -> None:
    """No other exception."""
    answered(world, data)


@given(data=st.data())
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_mutations_give_an_answer_or_a_refusal(world: CmpWorld, data: st.DataObject) -> None:
    """Whatever octet is changed, of a message by secret or by signature."""
    message = world.client().written(0, der.sequence(build.request(Template())))
    place = data.draw(st.integers(0, 10_000)) % len(message)
    octet = bytes((data.draw(st.integers(0, 255)),))
    with suppress(Refused):
        Reply(world.exchange.answer(message[:place] + octet + message[place + 1 :], ORIGIN))
