"""CMP's transactions, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.asn1.cmp import Body
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.cmp.records import Challenge, Stage, Transaction
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

ONE = Transaction(
    endpoint="main",
    id=b"0123456789abcdef",
    credential="secret:dev1",
    protection="1.2.840.113533.7.66.13",
    request=Body.IR,
    request_id=-1,
    stage=Stage.ISSUING,
    nonce=bytes(range(16)),
    implicit=True,
    created=NOW,
    expires=NOW + timedelta(hours=1),
    signer=b"certificate",
    digest=bytes(32),
    asked_nonce=b"theirs",
    known_nonce=b"ours",
)


def test_kept_and_found(store: SqlStore) -> None:
    """As it was; by endpoint and id."""
    with store.writing() as tx:
        assert tx.cmp.add(ONE)
        assert not tx.cmp.add(replace(ONE, credential="secret:other"))
        assert tx.cmp.add(replace(ONE, endpoint="other", signer=None))
    with store.reading() as tx:
        assert tx.cmp.get("main", ONE.id) == ONE
        assert tx.cmp.get("main", b"else") is None
        assert tx.cmp.get("other", ONE.id) == replace(ONE, endpoint="other", signer=None)


def test_moved_from_the_stage_that_was_expected(store: SqlStore) -> None:
    """Once; what cannot change does not."""
    moved = replace(
        ONE,
        stage=Stage.CONFIRMING,
        nonce=b"next",
        expires=NOW,
        pending="p1",
        issuer=IssuerName("issuing"),
        serial=SerialNumber(7),
    )
    with store.writing() as tx:
        tx.cmp.add(ONE)
        tx.cmp.update(moved, Stage.ISSUING)
        with pytest.raises(Refused) as refusal:
            tx.cmp.update(moved, Stage.ISSUING)
        assert refusal.value.reason is Reason.WRONG_STATE
    with store.reading() as tx:
        assert tx.cmp.get("main", ONE.id) == moved


def test_challenges(store: SqlStore) -> None:
    """Are kept until they are met."""
    challenged = replace(ONE, stage=Stage.CHALLENGED, challenge=Challenge(bytes(32), b"message", "slow"))
    with store.writing() as tx:
        tx.cmp.add(challenged)
    with store.reading() as tx:
        assert tx.cmp.get("main", ONE.id) == challenged
    with store.writing() as tx:
        tx.cmp.update(ONE, Stage.CHALLENGED)
    with store.reading() as tx:
        assert tx.cmp.get("main", ONE.id) == ONE


def test_what_is_open(store: SqlStore) -> None:
    """By credential: of a kind, and how many at an endpoint."""
    with store.writing() as tx:
        tx.cmp.add(replace(ONE, request=Body.KUR))
        tx.cmp.add(replace(ONE, id=b"2", stage=Stage.FINISHED))
        tx.cmp.add(replace(ONE, id=b"3", endpoint="other"))
    with store.reading() as tx:
        assert tx.cmp.is_open("secret:dev1", Body.KUR)
        assert not tx.cmp.is_open("secret:dev1", Body.CR)
        assert not tx.cmp.is_open("secret:other", Body.KUR)
        assert tx.cmp.count_open("main", "secret:dev1") == 1


def test_what_is_overdue_is_forgotten(store: SqlStore) -> None:
    """Oldest first, so many at a time."""
    with store.writing() as tx:
        for minutes in (3, 1, 2):
            tx.cmp.add(replace(ONE, id=bytes((minutes,)), expires=NOW + timedelta(minutes=minutes)))
        found = tx.cmp.overdue(NOW + timedelta(minutes=2), 10)
        assert [one.id for one in found] == [b"\x01", b"\x02"]
        assert len(tx.cmp.overdue(NOW + timedelta(hours=1), 2)) == 2
        tx.cmp.remove(found[0])
        assert [one.id for one in tx.cmp.overdue(NOW + timedelta(minutes=2), 10)] == [b"\x02"]
