"""Kept answers are reused only while they are right and fresh."""

from datetime import datetime, timedelta

from emca_daemon.ca.records import RevocationReason
from emca_daemon.protocols.ocsp.kept import Answer, KeptAnswers
from tests.support.ocsp_world import NOW, status

MINUTE = timedelta(minutes=1)


def answer(this_update: datetime = NOW, body: bytes = b"answer") -> Answer:
    """An answer that holds for an hour."""
    return Answer(body, this_update, this_update + timedelta(hours=1), '"tag"', shared=True)


def test_an_answer_is_found_until_it_is_too_old() -> None:
    """From its thisUpdate until its lifetime is over."""
    kept = KeptAnswers(2, MINUTE)
    kept.keep(b"id", status(), answer())
    assert kept.find(b"id", status(), NOW) == kept.find(b"id", status(), NOW + MINUTE / 2) == answer()
    assert kept.find(b"id", status(), NOW + MINUTE) is None
    assert kept.find(b"id", status(), NOW - MINUTE) is None
    assert kept.find(b"other", status(), NOW) is None


def test_an_answer_never_outlives_its_next_update() -> None:
    """NextUpdate ends it too."""
    kept = KeptAnswers(2, timedelta(days=1))
    kept.keep(b"id", status(), answer())
    assert kept.find(b"id", status(), NOW + timedelta(hours=1)) is None


def test_another_status_is_another_answer() -> None:
    """A revocation is not answered with what was good before."""
    kept = KeptAnswers(2, MINUTE)
    kept.keep(b"id", status(), answer())
    assert kept.find(b"id", status(reason=RevocationReason.SUPERSEDED), NOW) is None


def test_an_older_answer_does_not_replace_a_newer_one() -> None:
    """ThisUpdate never goes back."""
    kept = KeptAnswers(2, MINUTE)
    kept.keep(b"id", status(), answer(NOW))
    kept.keep(b"id", status(), answer(NOW - MINUTE / 4, b"older"))
    assert kept.find(b"id", status(), NOW) == answer(NOW)
    kept.keep(b"id", status(), answer(NOW, b"same time"))
    assert kept.find(b"id", status(), NOW) == answer(NOW, b"same time")


def test_the_least_used_answer_goes_first() -> None:
    """The number of answers is bounded; using one keeps it."""
    kept = KeptAnswers(2, MINUTE)
    kept.keep(b"a", status(), answer())
    kept.keep(b"b", status(), answer())
    kept.find(b"a", status(), NOW)
    kept.keep(b"c", status(), answer())
    assert [kept.find(name, status(), NOW) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
