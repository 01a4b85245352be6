"""Short-term, automatically renewed certificates: what an order asks for, and which certificate is next (RFC 8739)."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from emca_daemon.errors import Reason
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.times import read_time, time_text
from emca_daemon.settings.acme import AcmeStarSettings

_LONGEST_LIFETIME = 366 * 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True)
class StarTerms:
    """The `auto-renewal` object of an order (3.1.1); lifetimes in seconds, `start` None for at once."""

    end: datetime
    lifetime: int
    start: datetime | None = None
    adjust: int = 0
    open_to_all: bool = False

    def document(self) -> dict[str, object]:
        """The object as orders show it."""
        document: dict[str, object] = {"end-date": time_text(self.end), "lifetime": self.lifetime}
        if self.start is not None:
            document["start-date"] = time_text(self.start)
        if self.adjust:
            document["lifetime-adjust"] = self.adjust
        if self.open_to_all:
            document["allow-certificate-get"] = True
        return document

    def text(self) -> str:
        """The object as JSON text, as it is stored."""
        return json.dumps(self.document(), separators=(",", ":"))

    @property
    def padding(self) -> timedelta:
        """How long before its nominal date each certificate but the first begins, and is there (3.5)."""
        return max(timedelta(seconds=self.adjust), timedelta(seconds=self.lifetime) / 2)

    def validity(self, begin: datetime, number: int) -> tuple[datetime, datetime]:
        """From when until when a certificate is valid, counted from 0 for the one of `begin` (3.5)."""
        nominal = self._nominal(begin, number)
        start = nominal - self.padding if number else begin
        return start.replace(microsecond=0), min(nominal + timedelta(seconds=self.lifetime), self.end)

    def number_at(self, begin: datetime, now: datetime) -> int:
        """Which certificate is the present one."""
        life = timedelta(seconds=self.lifetime)
        last = -(-(self.end - begin) // life) - 1
        return max(0, min(last, (now - begin + self.padding) // life))

    def due(self, begin: datetime, number: int) -> datetime | None:
        """When a certificate is to be issued; None for those that there are not, since all would be over."""
        nominal = self._nominal(begin, number)
        return None if nominal >= self.end else nominal - self.padding

    def _nominal(self, begin: datetime, number: int) -> datetime:
        return begin + number * timedelta(seconds=self.lifetime)


def begin_of(terms: StarTerms, now: datetime) -> datetime:
    """When the time of the first certificate begins."""
    return max(terms.start or now, now).replace(microsecond=0)


def stored_terms(text: str) -> StarTerms:
    """The terms behind stored text."""
    return _read(json.loads(text))


def read_terms(value: object, settings: AcmeStarSettings, now: datetime) -> StarTerms:
    """The terms that an order asks for; raises malformed for what is none and for what the settings do not allow."""
    if not isinstance(value, dict):
        raise malformed("the member `auto-renewal` is not a JSON object")
    terms = _read(value)
    begin = max(terms.start or now, now)
    if terms.end <= begin:
        raise malformed("the `end-date` does not lie after the beginning and now")
    if terms.end - begin > settings.max_duration:
        raise malformed(f"automatic renewal lasts at most {settings.max_duration}")
    if timedelta(seconds=terms.lifetime) < settings.min_lifetime:
        raise malformed(f"the `lifetime` is at least {settings.min_lifetime}")
    if terms.open_to_all and not settings.allow_certificate_get:
        raise malformed("`allow-certificate-get` is not offered here")
    return terms


def _read(value: dict[str, object]) -> StarTerms:
    end = read_time(value, "end-date")
    lifetime, adjust = value.get("lifetime"), value.get("lifetime-adjust", 0)
    open_to_all = value.get("allow-certificate-get", False)
    if end is None or not _is_seconds(lifetime, 1) or not _is_seconds(adjust, 0) or not isinstance(open_to_all, bool):
        raise malformed("`auto-renewal` needs `end-date` and `lifetime` in seconds; `lifetime-adjust` are seconds, too")
    assert isinstance(lifetime, int)
    assert isinstance(adjust, int)
    if adjust >= lifetime:
        raise malformed("the `lifetime-adjust` is not less than the `lifetime`")
    return StarTerms(end, lifetime, read_time(value, "start-date"), adjust, open_to_all)


def _is_seconds(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LONGEST_LIFETIME


def star_refusal(kind: str, detail: str, status: int = 403) -> AcmeRefusal:
    """A refusal of RFC 8739 6.2: `Canceled`, `Expired`, `CancellationInvalid` or `RevocationNotSupported`."""
    return AcmeRefusal(Problem(f"autoRenewal{kind}", detail, status), reason=Reason.NOT_PERMITTED)
