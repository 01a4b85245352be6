"""Tests of emca_daemon.protocols.scep.notices."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName
from emca_daemon.protocols.scep.asked_challenges import AskedChallenges
from emca_daemon.protocols.scep.asked_records import Asked, Notice
from emca_daemon.protocols.scep.challenges import Attempt
from emca_daemon.protocols.scep.notices import LOOK_AGAIN, Notices
from tests.support.ca_world import BY
from tests.support.scep_world import Client, ScepWorld, settings


@dataclass
class Told:
    """Says yes, and remembers what it is told."""

    proof: str = "oracle"
    tells: bool = True
    wants_request: bool = True
    down: bool = False
    notices: list[Notice] = field(default_factory=list)
    tried: int = 0

    def judge(self, attempt: Attempt) -> str:
        """Yes."""
        return attempt.endpoint

    def tell(self, notice: Notice) -> None:
        """Listen, unless it is down."""
        self.tried += 1
        if self.down:
            raise Refused(Reason.UNAVAILABLE, "it cannot be talked to")
        self.notices.append(notice)


def listening(profile: str = "device", most: int = 3) -> tuple[ScepWorld, Told, Notices]:
    """An endpoint whose judge wants to know."""
    world, told = ScepWorld(settings(profile=ProfileName(profile))), Told()
    day = timedelta(days=1)
    world.guard(AskedChallenges(told, world.store, world.clock, patience=day, lifetime=day, wait=30 * day))
    return world, told, Notices({"site": (told, most)}, world.store, world.clock, BY)


def due(world: ScepWorld) -> list[Asked]:
    """What is to be told, whenever."""
    with world.store.reading() as tx:
        return list(tx.scep_asked.due(world.clock() + timedelta(days=99), 99))


def test_a_certificate_is_told_once() -> None:
    """By whoever does the duty: the process that issued it may be gone."""
    world, told, notices = listening()
    client = Client(world)
    certificate = client.issued(client.enroll())
    for _ in range(2):
        notices.send()
    (notice,) = told.notices
    assert notice.certificate == certificate.public_bytes(Encoding.DER)
    assert (notice.endpoint, notice.transaction_id, notice.request) == ("site", client.transaction_id, client.csr())
    assert due(world) == []


def test_a_refusal_is_told_with_its_reason() -> None:
    """What our policy says."""
    world, told, notices = listening("tls-server")
    reply = Client(world).enroll()
    assert reply.status == "2"
    notices.send()
    (notice,) = told.notices
    assert notice.certificate == b""
    assert notice.detail


def test_who_is_down_is_tried_again_and_given_up_in_the_end() -> None:
    """Each time after a longer pause; giving up is audited."""
    world, told, notices = listening()
    for number in (b"1", b"2"):
        assert Client(world, transaction_id=number).enroll().status == "0"
    told.down = True
    notices.send()
    assert told.tried == 1  # the second is not tried in the same round
    notices.send()
    assert told.tried == 2
    notices.send()
    assert told.tried == 2
    world.clock.advance(seconds=5)
    notices.send()
    world.clock.advance(seconds=5)
    notices.send()
    world.clock.advance(seconds=30)
    notices.send()
    world.clock.advance(seconds=30)
    notices.send()
    assert told.tried == 6
    assert due(world) == []
    with world.store.reading() as tx:
        events = [one.event for one in tx.audit.walk() if one.event.action == "scep.notice"]
    assert sorted((one.outcome, one.subject, one.details["attempts"]) for one in events) == [
        ("failed", "1", "3"),
        ("failed", "2", "3"),
    ]


def test_what_a_person_decides_is_told() -> None:
    """Later; a rejection with its note."""
    for approves in (True, False):
        world, told, notices = listening("device-manual")
        assert Client(world).enroll().status == "3"
        notices.send()
        assert told.tried == 0
        (asked,) = due(world)
        assert asked.due == world.clock() + LOOK_AGAIN
        if approves:
            world.approval.approve(asked.pending, BY)
        else:
            world.approval.reject(asked.pending, BY, "not ours")
        world.clock.advance(minutes=1)
        notices.send()
        (notice,) = told.notices
        assert bool(notice.certificate) is approves
        assert notice.detail == ("" if approves else "rejected: not ours")


def test_what_nobody_is_told_any_more_is_let_go() -> None:
    """The endpoint asks nobody now, the pending request is gone or over, the certificate was abandoned."""
    world, told, notices = listening()
    now = world.clock()
    row = Asked("a", "site", b"1", now, now + timedelta(hours=1), due=now)
    with world.store.writing() as tx:
        tx.scep_asked.add(row)
        tx.scep_asked.add(replace(row, transaction="b", endpoint="gone", failure="why"))
        tx.scep_asked.add(replace(row, transaction="c", pending="nowhere"))
    notices.send()
    assert due(world) == []
    assert told.tried == 0


def test_a_round_ends_in_time() -> None:
    """Other duties have their turn, too."""
    world, told, notices = listening()
    for number in (b"1", b"2"):
        assert Client(world, transaction_id=number).enroll().status == "0"
    tell = told.tell

    def slowly(notice: Notice) -> None:
        world.clock.advance(seconds=11)
        tell(notice)

    told.tell = slowly  # type: ignore[method-assign]
    notices.send()
    assert len(told.notices) == 1
    notices.send()
    assert len(told.notices) == 2
