"""HTTP dates, entity tags and conditional requests (RFC 9110 sections 5.6.7, 8.8 and 13), for what may be cached."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from emca_daemon.protocols.http import Request

_MAX_TAGS = 32


def http_date(moment: datetime) -> str:
    """An IMF-fixdate, which is always GMT (RFC 9110 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def entity_tag(body: bytes) -> str:
    """A strong entity tag: SHA-256 of the body in hexadecimal, quoted."""
    return f'"{hashlib.sha256(body).hexdigest()}"'


def is_unchanged(request: Request, tag: str, modified: datetime) -> bool:
    """Whether a GET or HEAD may be answered with 304, because the client has this version already.

    If-None-Match decides where it is present; If-Modified-Since only where it is not (RFC 9110 13.2.2). A date that is
    none is as good as absent.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    wanted = request.header("if-none-match")
    if wanted is not None:
        return _names_tag(wanted, tag)
    since = _read_date(request.header("if-modified-since"))
    return since is not None and modified.replace(microsecond=0) <= since


def range_applies(request: Request, tag: str, modified: datetime) -> bool:
    """Whether If-Range lets a Range request stand: absent, the same strong tag or date (RFC 9110 13.1.5)."""
    condition = request.header("if-range")
    if condition is None or condition == tag:
        return True
    return _read_date(condition) == modified.replace(microsecond=0)


def _names_tag(field: str, tag: str) -> bool:
    """Whether a list of entity tags has this one, compared weakly (RFC 9110 13.1.2)."""
    if field.strip() == "*":
        return True
    return any(item.strip().removeprefix("W/") == tag for item in field.split(",", _MAX_TAGS)[:_MAX_TAGS])


def _read_date(field: str | None) -> datetime | None:
    """The moment of an HTTP date, None for anything else."""
    if field is None:
        return None
    try:
        moment = parsedate_to_datetime(field)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
