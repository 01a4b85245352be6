"""What a transaction writes in the CA's own transactions."""

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.records import MOVES, Stage, Transaction
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template
from tests.support.cmp_world import CmpWorld, enrolled, settings


def kept(world: CmpWorld, identifier: bytes | None) -> Transaction:
    """The transaction of that id."""
    with world.ca.store.reading() as tx:
        found = tx.cmp.get("main", identifier or b"")
    assert found is not None
    return found


def test_stages_follow_one_another() -> None:
    """Confirmed or not, finished in the end."""
    world = CmpWorld()
    client = world.client()
    certificate = client.enroll().certificate
    assert kept(world, client.transaction_id).stage is Stage.CONFIRMING
    assert kept(world, client.transaction_id).serial == certificate.serial_number
    client.confirm(certificate)
    assert kept(world, client.transaction_id).stage is Stage.FINISHED
    at_once = world.client()
    at_once.with_header(information=(build.IMPLICIT,)).enroll()
    assert kept(world, at_once.transaction_id).stage is Stage.FINISHED
    assert set(MOVES) == set(Stage)


def test_a_signature_that_fails_ends_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """systemUnavail; protected, for the secret needs no key."""

    def failing(*_arguments: object, **_named: object) -> None:
        raise Refused(Reason.UNAVAILABLE, "the token does not answer")

    world = CmpWorld()
    world.signers.current()
    monkeypatch.setattr("emca_daemon.ca.cycle.sign_certificate", failing)
    client = world.client()
    reply = client.enroll()
    assert (reply.type, reply.failure, reply.is_protected) == ("ip", "systemUnavail", True)
    assert kept(world, client.transaction_id).stage is Stage.FINISHED


def test_without_its_key_the_responder_answers_signed_requests_bare() -> None:
    """systemUnavail, unprotected."""
    world = CmpWorld()
    client = enrolled(world)
    world.ca.keys.down = True
    reply = client.enroll(tag=2)
    assert (reply.type, reply.failure, reply.is_protected) == ("error", "systemUnavail", False)


def test_one_client_has_so_many_transactions_open() -> None:
    """SystemUnavail beyond that; nothing is issued."""
    world = CmpWorld(settings(open_transactions=2))
    for _ in range(2):
        assert world.client().enroll().failure == ""
    assert world.client().enroll().failure == "systemUnavail"


def test_waiting_transactions_find_their_request() -> None:
    """By its id."""
    world = CmpWorld()
    client = world.client(place={"label": "slow"})
    client.enroll()
    transaction = kept(world, client.transaction_id)
    assert transaction.stage is Stage.WAITING
    with world.ca.store.reading() as tx:
        assert tx.pending.get(transaction.pending) is not None


def test_an_id_is_taken_once() -> None:
    """Of two equal messages that are under way at a time, one is refused before anything is signed."""
    world = CmpWorld()
    client = world.client()
    client.enroll()
    transaction = kept(world, client.transaction_id)
    with world.ca.store.writing() as tx:
        assert not tx.cmp.add(transaction)
        with pytest.raises(Refused):
            tx.cmp.update(transaction, Stage.WAITING)
    assert Template().subject == "CN=dev1"
