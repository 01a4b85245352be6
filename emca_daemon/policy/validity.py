"""From when until when: what the profile gives, what the requester asked for, and the issuer's own end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.policy.issuers import IssuerLimits
from emca_daemon.policy.profile import ValidityRules

_SECOND = timedelta(seconds=1)
LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last date that a certificate can hold (RFC 5280 4.1.2.5)."""


class Asked(Protocol):
    """What a requester asks for; None: as the profile has it."""

    @property
    def not_before(self) -> datetime | None:
        """From when."""

    @property
    def not_after(self) -> datetime | None:
        """Until when."""


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """What is asked for before there is a whole request."""

    not_before: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Period:
    """A validity; both ends are in it (RFC 5280 4.1.2.5), in whole seconds."""

    not_before: datetime
    not_after: datetime

    @property
    def length(self) -> timedelta:
        """How long it is, the last second counted."""
        return self.not_after - self.not_before + _SECOND


def chosen_period(
    rules: ValidityRules, asked: Asked, issuer: IssuerLimits | None, now: datetime
) -> tuple[Period, list[Mismatch]]:
    """The validity to certify, and what is wrong with the one asked for.

    The period returned means something only where there are no mismatches.
    """
    mismatches: list[Mismatch] = []
    now = now.replace(microsecond=0)
    start, end = now - rules.backdate, None
    if asked.not_before is not None or asked.not_after is not None:
        if rules.requested == "refuse":
            mismatches.append(_refusal("requested", "a validity must not be asked for"))
        elif rules.requested == "allow":
            mismatches += _asked_mismatches(rules, asked, now)
            start = asked.not_before.replace(microsecond=0) if asked.not_before is not None else start
            end = asked.not_after.replace(microsecond=0) if asked.not_after is not None else None
    period = Period(start, end if end is not None else _after(start, rules.duration))
    if period.length > rules.longest:
        mismatches.append(_refusal("maximum", "is longer than this profile allows"))
    if issuer is not None:
        period, beyond = _within(period, issuer, rules)
        mismatches += beyond
    if period.not_after <= max(period.not_before, now):
        mismatches.append(_refusal("duration", "nothing is left of the validity"))
    return period, mismatches


def _after(start: datetime, duration: timedelta) -> datetime:
    """The last second of a validity of that length, no later than certificates can say."""
    return start + duration - _SECOND if duration < LAST_MOMENT - start else LAST_MOMENT


def _refusal(field: str, detail: str) -> Mismatch:
    return Mismatch(f"validity.{field}", detail, Reason.PROFILE_REFUSED)


def _asked_mismatches(rules: ValidityRules, asked: Asked, now: datetime) -> list[Mismatch]:
    mismatches = []
    if asked.not_before is not None:
        if asked.not_before < now - rules.backdate:
            mismatches.append(_refusal("backdate", "the validity asked for begins too early"))
        if asked.not_before - now > rules.latest_start:
            mismatches.append(_refusal("latest_start", "the validity asked for begins too late"))
    return mismatches


def _within(period: Period, issuer: IssuerLimits, rules: ValidityRules) -> tuple[Period, list[Mismatch]]:
    """The part of the period in which the issuer's certificate is valid, too, and those above it are."""
    mismatches = []
    if period.not_after > issuer.not_after and rules.beyond_issuer == "refuse":
        mismatches.append(_refusal("beyond_issuer", "the certificate would outlive its issuer's, or one above"))
    start = max(period.not_before, issuer.not_before)
    return Period(start, min(period.not_after, issuer.not_after)), mismatches
