"""The validity that an order asks for (RFC 8555 7.1.3)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from emca_daemon.protocols.acme.errors import malformed

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_validity(payload: Mapping[str, object], now: datetime) -> tuple[datetime | None, datetime | None]:
    """`notBefore` and `notAfter`, None where not asked for; raises malformed if they make no sense."""
    not_before, not_after = read_time(payload, "notBefore"), read_time(payload, "notAfter")
    if not_after is not None and not_after <= (not_before or now):
        raise malformed("notAfter does not lie after notBefore and now")
    return not_before, not_after


def time_text(moment: datetime) -> str:
    """A time as RFC 3339 has it, whole seconds in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(payload: Mapping[str, object], member: str) -> datetime | None:
    """The time in a member, None where there is none; raises malformed for what is no time."""
    value = payload.get(member)
    if value is None:
        return None
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise malformed(f"the member `{member}` is not a time as RFC 3339 has it")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise malformed(f"the member `{member}` is not a time as RFC 3339 has it") from None
