"""What a header must be like, row by row (docs/conformance/cmp.md)."""

from datetime import timedelta
from typing import Any

import pytest

from emca_daemon.asn1 import der
from tests.support import cmp_messages as build
from tests.support.ca_world import START
from tests.support.cmp_world import Client, CmpWorld, settings

WAIT = der.sequence(der.oid("1.3.6.1.5.5.7.4.14"), der.generalized_time(START))
WAIT_UTC = der.sequence(der.oid("1.3.6.1.5.5.7.4.14"), der.time(START))
WAIT_NEVER = der.sequence(der.oid("1.3.6.1.5.5.7.4.14"), b"\x18\x03now")
IMPLICIT_ALONE = der.sequence(der.oid("1.3.6.1.5.5.7.4.13"))
IMPLICIT_5 = der.sequence(der.oid("1.3.6.1.5.5.7.4.13"), der.integer(5))
PROFILE = der.sequence(der.oid("1.3.6.1.5.5.7.4.21"), der.sequence(der.tlv(0x0C, b"slow")))
OTHER = der.sequence(der.oid("1.2.3.4"), der.integer(56789))


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """A tolerant endpoint."""
    return CmpWorld()


@pytest.fixture(scope="module")
def strict() -> CmpWorld:
    """A strict one."""
    return CmpWorld(settings(strict=True))


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"pvno": 1}, "unsupportedVersion"),
        ({"pvno": 4}, "unsupportedVersion"),
        ({"transaction_id": None}, "badDataFormat"),
        ({"transaction_id": b""}, "badRequest"),
        ({"nonce": None}, "badSenderNonce"),
        ({"nonce": bytes(15)}, "badSenderNonce"),
        ({"answered": bytes(16)}, "badRecipientNonce"),
        ({"now": START - timedelta(minutes=11)}, "badTime"),
        ({"now": START + timedelta(minutes=11)}, "badTime"),
        ({"information": (IMPLICIT_5,)}, "badRequest"),
        ({"information": (build.IMPLICIT, WAIT)}, "badRequest"),
        ({"information": (WAIT_UTC,)}, "badDataFormat"),
        ({"information": (WAIT_NEVER,)}, "badDataFormat"),
        ({"kid": None}, "badMessageCheck"),
        ({"kid": b"nobody"}, "badMessageCheck"),
        ({"algorithm": None}, "badMessageCheck"),
        ({"algorithm": der.sequence(der.oid("1.2.3"))}, "badAlg"),
        ({"algorithm": build.password_based(99)}, "badAlg"),
    ],
)
def test_what_is_wrong_is_said_in_an_error(world: CmpWorld, changes: dict[str, Any], failure: str) -> None:
    """With transaction and nonce of the request, whatever is wrong."""
    client = world.client().with_header(**changes)
    reply = client.enroll()
    assert (reply.type, reply.failure) == ("error", failure)
    if changes.get("transaction_id", b"x"):
        assert reply.octets("transactionID") == client.transaction_id


@pytest.mark.parametrize(
    "changes",
    [
        {"pvno": 3},
        {"transaction_id": b"short"},
        {"nonce": bytes(20)},
        {"now": None},
        {"now": START - timedelta(minutes=9)},
        {"information": (OTHER, WAIT)},
        {"information": (IMPLICIT_ALONE,)},
        {"sender": "CN=somebody"},
        {"sender": ""},
    ],
)
def test_what_deployed_clients_do_is_tolerated(world: CmpWorld, changes: dict[str, Any]) -> None:
    """The answer has the version of the request."""
    reply = world.client().with_header(**changes).enroll()
    assert (reply.type, reply.failure) == ("ip", "")
    assert reply.header["pvno"] == changes.get("pvno", 2)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"transaction_id": b"short"}, "badRequest"),
        ({"nonce": bytes(20)}, "badSenderNonce"),
        ({"now": None}, "badTime"),
        ({"information": (IMPLICIT_ALONE,)}, "badRequest"),
        ({"sender": "CN=somebody"}, "badMessageCheck"),
        ({"sender": ""}, "badMessageCheck"),
    ],
)
def test_a_strict_endpoint_tolerates_none_of_it(strict: CmpWorld, changes: dict[str, Any], failure: str) -> None:
    """Each has its failure."""
    assert strict.client().with_header(**changes).enroll().failure == failure
    assert strict.client().enroll().failure == ""


def test_a_confirmation_in_no_transaction(world: CmpWorld, strict: CmpWorld) -> None:
    """badRequest; without any id badDataFormat, or badRequest where it is strict."""
    assert world.client().send(24, der.sequence()).failure == "badRequest"
    assert world.client().with_header(transaction_id=None).send(24, der.sequence()).failure == "badDataFormat"
    assert strict.client().with_header(transaction_id=None).send(24, der.sequence()).failure == "badRequest"


def test_transactions_are_opened_once_and_gone_on_with_nonces(world: CmpWorld) -> None:
    """TransactionIdInUse for a second beginning, badRecipientNonce for a nonce that was not sent."""
    client = world.client()
    certificate = client.enroll().certificate
    answered = client.answered
    client.answered = None
    again = client.enroll()
    assert (again.type, again.failure, again.is_protected) == ("error", "transactionIdInUse", True)
    client.answered = bytes(16)
    assert client.confirm(certificate).failure == "badRecipientNonce"
    client.answered = answered
    assert client.confirm(certificate).type == "pkiconf"


def test_a_nonce_is_for_one_message(world: CmpWorld, strict: CmpWorld) -> None:
    """BadSenderNonce for the one of the message before, where it is strict."""
    for endpoint, failure in ((world, None), (strict, "badSenderNonce")):
        client = endpoint.client().with_header(nonce=b"once and for all")
        reply = client.confirm(client.enroll().certificate)
        assert (reply.type, reply.failure if failure else None) == ("error" if failure else "pkiconf", failure)


def confirming(world: CmpWorld) -> tuple[Client, Any]:
    """A client with a certificate to be confirmed."""
    client = world.client()
    return client, client.enroll().certificate


def test_only_who_opened_a_transaction_goes_on(world: CmpWorld) -> None:
    """By the same secret and algorithm, or the same certificate."""
    world.people.secrets["other"] = world.people.secrets["dev1"]
    client, certificate = confirming(world)
    client.reference = b"other"
    answered = client.answered
    assert client.confirm(certificate).failure == "badMessageCheck"
    client.reference, client.answered = b"dev1", answered
    hmac_alone = der.sequence(der.oid("1.2.840.113549.2.9"))
    assert client.with_header(algorithm=hmac_alone).confirm(certificate).failure == "badMessageCheck"


def test_implicit_confirmation_does_not_go_with_a_confirmation(world: CmpWorld) -> None:
    """BadRequest."""
    client, certificate = confirming(world)
    assert client.with_header(information=(build.IMPLICIT,)).confirm(certificate).failure == "badRequest"


def test_a_profile_does_not_go_with_a_confirmation(strict: CmpWorld, world: CmpWorld) -> None:
    """BadRequest where it is strict; OpenSSL repeats it in all its messages."""
    client, certificate = confirming(strict)
    assert client.with_header(information=(PROFILE,)).confirm(certificate).failure == "badRequest"
    client, certificate = confirming(world)
    assert client.with_header(information=(PROFILE,)).confirm(certificate).type == "pkiconf"
