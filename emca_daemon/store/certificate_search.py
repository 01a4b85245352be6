"""Searching certificates: a query as a statement."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, select

from emca_daemon.ca.records import CertificateQuery, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.store.certificate_rows import certificates

_MOST = 10_000
"""Rows that one search returns at most, whatever limit it names."""

_FARTHEST = 1 << 40
"""Where every search has ended, and an integer that both databases take."""

_LONGEST = 10_000
"""Octets of a text to search for: SQLite takes patterns of 50,000, and each octet may need an escape."""

_UNKEPT = re.compile(r"[\0\ud800-\udfff]")
"""What no row has, since no text in a database can: NUL (PostgreSQL) and lone surrogates (both)."""

_c = certificates.c
_HOLD = RevocationReason.CERTIFICATE_HOLD.value

_STATUSES: Mapping[str, Callable[[datetime], ColumnElement[bool]]] = {
    "valid": lambda now: and_(_c.state == "issued", _c.revoked_at.is_(None), _c.not_after >= now),
    "expired": lambda now: and_(_c.state == "issued", _c.revoked_at.is_(None), _c.not_after < now),
    "revoked": lambda _now: and_(_c.revoked_at.is_not(None), _c.state == "issued", _c.revocation_reason != _HOLD),
    "held": lambda _now: and_(_c.revoked_at.is_not(None), _c.state == "issued", _c.revocation_reason == _HOLD),
    "abandoned": lambda _now: and_(_c.revoked_at.is_not(None), _c.state == "abandoned"),
}
"""What each status means; every recorded certificate has exactly one, a revocation outliving the certificate.

That there is a revocation (abandoned serials have one, too) is said in the words of the index of those that have.
"""


def search_statement(query: CertificateQuery, now: datetime) -> Select[tuple[object, ...]]:
    """The statement for a query, newest first; raises Refused(MALFORMED) for an unknown status or a text too long."""
    statement: Select[tuple[object, ...]] = select(certificates).where(*_conditions(query, now))
    return (
        statement.order_by(_c.created.desc(), _c.issuer, _c.serial)
        .limit(min(max(query.limit, 0), _MOST))
        .offset(min(max(query.offset, 0), _FARTHEST))
    )


def _conditions(query: CertificateQuery, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.issuer is not None:
        conditions.append(_c.issuer == query.issuer)
    if query.profile is not None:
        conditions.append(_c.profile == query.profile)
    if query.requester is not None:
        conditions.append(_c.requester == query.requester)
    if query.expires_before is not None:
        conditions.append(_c.not_after < query.expires_before)
    if query.text is not None:
        conditions.append(_contains(query.text))
    if query.status is not None:
        conditions.append(_has_status(query.status, now))
    return conditions


def _contains(wanted: str) -> ColumnElement[bool]:
    if _UNKEPT.search(wanted):
        return false()
    if len(wanted.encode()) > _LONGEST:
        raise Refused(Reason.MALFORMED, f"a text to search for has at most {_LONGEST} octets")
    return _c.searchable.contains(wanted.lower(), autoescape=True)


def _has_status(status: str, now: datetime) -> ColumnElement[bool]:
    if status not in _STATUSES:
        raise Refused(Reason.MALFORMED, f"there is no status `{status}`; expected one of {', '.join(_STATUSES)}")
    return _STATUSES[status](now)
