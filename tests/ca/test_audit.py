"""The audit chain."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from emca_daemon.ca.audit import GENESIS, event_by, refusal_by, seal, verify
from emca_daemon.ca.records import AuditEvent, SealedEvent
from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.policy.facts import Requester

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
BY = Requester("acme", "https://ca.example/acct/1", "jws", "192.0.2.1", "req-1", "default")


def chain(length: int) -> list[SealedEvent]:
    """A chain of that many events."""
    events: list[SealedEvent] = []
    previous = GENESIS
    for number in range(1, length + 1):
        events.append(seal(number, previous, event_by(BY, NOW, "certificate.issue", f"ca/{number}", serial=number)))
        previous = events[-1].hash
    return events


def head(events: list[SealedEvent]) -> tuple[int, bytes]:
    """What the store notes apart."""
    return (events[-1].number, events[-1].hash) if events else (0, GENESIS)


def altered(sealed: SealedEvent, **changes: str) -> SealedEvent:
    """The same place in the chain with other content."""
    return replace(sealed, event=replace(sealed.event, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, 1, 7])
def test_an_untouched_chain_holds(length: int) -> None:
    """An untouched chain verifies to its head."""
    report = verify(chain(length), head(chain(length)))
    assert report.fault is None
    assert (report.events, report.head) == head(chain(length))


@pytest.mark.parametrize("field", ["actor", "proof", "origin", "request_id", "action", "subject", "outcome"])
def test_altering_any_field_is_named(field: str) -> None:
    """A changed field breaks the chain at that event."""
    events = chain(5)
    events[2] = altered(events[2], **{field: "else"})
    fault = verify(events, head(chain(5))).fault
    assert fault
    assert fault.number == 3
    assert "altered" in fault.detail


def test_altering_a_detail_or_the_time_is_named() -> None:
    """Details and time are covered too."""
    events = chain(2)
    for change in ({"details": {"serial": 7}}, {"at": NOW.replace(microsecond=679)}):
        tampered = [events[0], replace(events[1], event=replace(events[1].event, **change))]
        fault = verify(tampered, head(events)).fault
        assert fault
        assert fault.number == 2


@pytest.mark.parametrize("gone", [1, 3, 5])
def test_removing_an_event_is_named(gone: int) -> None:
    """A removed event is named, the last one too."""
    events = chain(5)
    fault = verify([e for e in events if e.number != gone], head(events)).fault
    assert fault
    assert fault.number == gone
    assert "removed" in fault.detail


def test_removing_the_tail_and_renumbering_is_named() -> None:
    """An event taken out with the rest renumbered and not resealed is found."""
    events = chain(4)
    renumbered = [events[0], replace(events[2], number=2), replace(events[3], number=3)]
    fault = verify(renumbered, (3, events[3].hash)).fault
    assert fault
    assert fault.number == 2


def test_inserting_an_event_is_named() -> None:
    """An event slipped in is named."""
    events = chain(3)
    forged = seal(2, events[0].hash, AuditEvent(NOW, "a", "b", "c", "d", "e", "f", "g"))
    fault = verify([events[0], forged, *events[1:]], head(events)).fault
    assert fault
    assert fault.number == 2
    appended = seal(4, events[2].hash, AuditEvent(NOW, "a", "b", "c", "d", "e", "f", "g"))
    fault = verify([*events, appended], head(events)).fault
    assert fault
    assert (fault.number, "inserted" in fault.detail) == (4, True)
    fault = verify([*events[:2], seal(3, events[1].hash, forged.event)], head(events)).fault
    assert fault
    assert "not the one noted" in fault.detail


def test_events_appended_during_the_walk_are_no_fault() -> None:
    """Where the head has moved since it was read, what lies beyond it is left to the next walk; otherwise not."""
    events = chain(5)
    report = verify(events, head(events[:3]), lambda: head(events))
    assert report.fault is None
    assert (report.events, report.head) == head(events[:3])
    assert verify(events, head([]), lambda: head(events)).fault is None
    for still in (head(events[:3]), head(events[:2])):
        fault = verify(events, head(events[:3]), lambda still=still: still).fault  # type: ignore[misc]
        assert fault
        assert (fault.number, "inserted" in fault.detail) == (4, True)


def test_a_moved_head_hides_no_fault() -> None:
    """What the head that was read covers must hold, whatever was appended since."""
    events = chain(5)
    forged = seal(3, events[1].hash, altered(events[2], actor="else").event)
    assert verify([*events[:2], forged, *events[3:]], head(events[:3]), lambda: head(events)).fault is not None
    gone = verify([*events[:2], *events[3:]], head(events[:3]), lambda: head(events)).fault
    assert gone
    assert gone.number == 3


def test_an_event_carries_who_how_and_where() -> None:
    """The requester's facts are in the event, and a refusal says everything that was wrong."""
    refusal = Refused(Reason.NAME_REFUSED, "2 mismatches", (Mismatch("dns:a", "no", Reason.NAME_REFUSED),))
    event = refusal_by(BY, NOW, "certificate.request", "dns:a", refusal, profile="p")
    assert (event.actor, event.proof, event.origin, event.request_id) == (BY.identity, "jws", "192.0.2.1", "req-1")
    assert event.outcome == "refused"
    assert event.details == {
        "protocol": "acme",
        "application": "default",
        "reason": "name refused",
        "detail": "2 mismatches: dns:a: no",
        "profile": "p",
    }
    assert "application" not in event_by(replace(BY, application=""), NOW, "a", "b").details
