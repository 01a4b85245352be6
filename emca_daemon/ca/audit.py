"""The audit chain: events sealed one behind the other, so that none can be changed, removed or slipped in unseen."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from emca_daemon.ca.records import AuditEvent, AuditValue, SealedEvent
from emca_daemon.errors import Refused
from emca_daemon.policy.facts import Requester

GENESIS = bytes(32)
"""What the first event has in the place of its predecessor's hash."""


def seal(number: int, previous: bytes, event: AuditEvent) -> SealedEvent:
    """Put an event into its place: its hash covers its number, its content and the hash before it."""
    return SealedEvent(number, event, previous, sha256(previous + canonical(number, event)).digest())


def canonical(number: int, event: AuditEvent) -> bytes:
    """The one text of an event that is hashed: JSON with sorted keys, times in UTC microseconds."""
    return json.dumps(
        [
            number,
            event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            event.actor,
            event.proof,
            event.origin,
            event.request_id,
            event.action,
            event.subject,
            event.outcome,
            dict(event.details),
        ],
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first place where the chain does not hold; `number` is the event that is wrong or missing."""

    number: int
    detail: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk along the chain found: how many events hold, the hash to note down elsewhere, and the first fault."""

    events: int
    head: bytes
    fault: ChainFault | None


def verify(
    events: Iterable[SealedEvent], head: tuple[int, bytes], head_now: Callable[[], tuple[int, bytes]] | None = None
) -> ChainReport:
    """Walk the chain from its first event to the head that was noted apart, and compare.

    `head` is read before the walk. Others may append meanwhile: every event is committed together with the head's
    move, so an event beyond `head` is a fault only if `head_now`, asked after that event was seen, says that the head
    has not moved. What was appended meanwhile is left to the next walk.
    """
    walk = _Walk()
    for sealed in events:
        if walk.number == head[0]:
            return ChainReport(walk.number, walk.hash, walk.compare_head(head) or _beyond(head, head_now))
        fault = walk.step(sealed)
        if fault:
            return ChainReport(walk.number, walk.hash, fault)
    return ChainReport(walk.number, walk.hash, walk.compare_head(head))


def _beyond(head: tuple[int, bytes], head_now: Callable[[], tuple[int, bytes]] | None) -> ChainFault | None:
    number, _ = head
    if head_now is not None and head_now()[0] > number:
        return None
    return ChainFault(number + 1, f"event {number + 1} was inserted: only {number} were written")


class _Walk:
    def __init__(self) -> None:
        self.number = 0
        self.hash = GENESIS

    def step(self, sealed: SealedEvent) -> ChainFault | None:
        expected = self.number + 1
        if sealed.number > expected:
            return ChainFault(expected, f"event {expected} was removed: event {sealed.number} follows {self.number}")
        if sealed.number < expected:
            return ChainFault(sealed.number, f"event {sealed.number} stands where event {expected} belongs")
        if sealed.previous != self.hash:
            return ChainFault(expected, f"event {expected} was inserted or altered: it does not name its predecessor")
        if seal(sealed.number, sealed.previous, sealed.event).hash != sealed.hash:
            return ChainFault(expected, f"event {expected} was altered: its hash does not fit its content")
        self.number, self.hash = sealed.number, sealed.hash
        return None

    def compare_head(self, head: tuple[int, bytes]) -> ChainFault | None:
        number, value = head
        if number > self.number:
            return ChainFault(self.number + 1, f"event {self.number + 1} was removed: {number} were written")
        if value != self.hash:
            return ChainFault(number, f"event {number} was altered: its hash is not the one noted")
        return None


def event_by(
    requester: Requester, at: datetime, action: str, subject: str, outcome: str = "success", **details: AuditValue
) -> AuditEvent:
    """An event whose who, how and where come from the requester."""
    known: dict[str, AuditValue] = {"protocol": requester.protocol}
    if requester.application:
        known["application"] = requester.application
    return AuditEvent(
        at=at,
        actor=requester.identity,
        proof=requester.proof,
        origin=requester.origin,
        request_id=requester.request_id,
        action=action,
        subject=subject,
        outcome=outcome,
        details=known | details,
    )


def refusal_by(
    requester: Requester, at: datetime, action: str, subject: str, refusal: Refused, **details: AuditValue
) -> AuditEvent:
    """The event of a refusal: its reason and everything that was wrong."""
    return event_by(
        requester, at, action, subject, "refused", reason=refusal.reason.value, detail=str(refusal)[:4096], **details
    )
