"""Tests of emca_daemon.protocols.scep.remembering."""

from dataclasses import replace

import pytest

from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.records import RequestState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName, SerialNumber
from emca_daemon.protocols.scep.records import Transaction
from emca_daemon.protocols.scep.remembering import AlreadyAsked, Together, standing
from emca_daemon.protocols.scep.replies import Waiting
from tests.support.ca_world import ISSUING
from tests.support.scep_world import Client, ScepWorld, settings


def stored(world: ScepWorld) -> Transaction:
    """The one transaction there is."""
    from emca_daemon.protocols.scep.records import group_name

    with world.store.reading() as tx:
        (found,) = tx.scep.of_group(group_name("site", b"1F2E3D"))
    return found


def test_a_serial_without_a_certificate_is_waited_for() -> None:
    """Another process signs it at this moment."""
    world = ScepWorld()
    client = Client(world)
    serial = client.issued(client.enroll()).serial_number
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, serial)  # type: ignore[arg-type]
    assert record is not None
    fresh = replace(record.intent, serial=SerialNumber(record.intent.serial + 1))
    with world.store.writing() as tx:
        tx.certificates.intend(fresh)
    with world.store.reading() as tx:
        assert standing(tx, replace(stored(world), serial=fresh.serial)) == Waiting()
        assert standing(tx, replace(stored(world), serial=None)) is None
        assert standing(tx, replace(stored(world), pending="nobody")) is None


def test_of_two_at_once_one_is_told_to_wait() -> None:
    """The other has the serial already."""
    world = ScepWorld()
    client = Client(world)
    client.enroll()
    raised = AlreadyAsked()
    assert raised.reason is Reason.WRONG_STATE


def test_a_signature_that_failed_leaves_a_request_that_can_be_made_again() -> None:
    """HTTP says later; then the same request is issued."""
    world = ScepWorld()
    client = Client(world)
    message = client.message(client.csr())
    keys = dict(world.keys.keys)
    issuing = next(name for name in keys if name == "memory:issuing")
    del world.keys.keys[issuing]
    reply = world.post(message)
    assert reply.status in (200, 503)
    world.keys.keys[issuing] = keys[issuing]
    assert client.issued(client.exchange(message))


def test_an_approval_that_failed_is_told() -> None:
    """With its reason."""
    world = ScepWorld(settings(profile=ProfileName("device-manual")))
    client = Client(world)
    client.enroll()
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    failed = replace(waiting, state=RequestState.FAILED, note="no longer allowed")
    with world.store.writing() as tx:
        tx.pending.update(failed, RequestState.WAITING)
    assert "no longer allowed" in client.poll().text


def test_companions_are_told_one_after_the_other() -> None:
    """All four occasions; the first that refuses ends it."""
    told: list[str] = []

    class Telling(NoCompanion):
        def intended(self, tx: object, intent: object) -> None:
            told.append("intended")

    class Refusing(NoCompanion):
        def intended(self, tx: object, intent: object) -> None:
            raise Refused(Reason.NAME_REFUSED, "no")

    together = Together([Telling(), Refusing(), Telling()])
    with pytest.raises(Refused):
        together.intended(None, None)  # type: ignore[arg-type]
    assert told == ["intended"]
    together.issued(None, None)  # type: ignore[arg-type]
    together.waiting(None, None)  # type: ignore[arg-type]
    together.abandoned(None, None, Refused(Reason.INTERNAL, "x"))  # type: ignore[arg-type]


def test_forgetting_is_by_time() -> None:
    """What has expired goes, the rest stays."""
    world = ScepWorld()
    Client(world).enroll()
    with world.store.writing() as tx:
        assert tx.scep.forget(world.clock(), 10) == 0
    world.clock.advance(days=2)
    with world.store.writing() as tx:
        assert tx.scep.overdue(world.clock())
        assert tx.scep.forget(world.clock(), 10) == 1
        assert not tx.scep.overdue(world.clock())
