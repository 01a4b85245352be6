"""Token buckets that all processes share, a row each and one statement a token.

Of a bucket only the time is kept at which it will be full again. A token makes that later by window / count; there is
none while it would be more than a window away (the generic cell rate algorithm).
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, BindParameter, Connection, bindparam, case, delete, select

from emca_daemon.settings.acme import Rate
from emca_daemon.store.acme_tables import buckets
from emca_daemon.store.inserting import InsertOrChange

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


_c = buckets.c
_FULL_AT = case((_c.full_at > _number("b_now"), _c.full_at), else_=_number("b_now")) + _number("b_step")
_TAKE = InsertOrChange(buckets, lambda _: {"full_at": _FULL_AT}, lambda _: _number("b_limit") >= _FULL_AT)
_GET = select(_c.full_at).where(_c.subject == bindparam("subject"))
_FORGET = delete(buckets).where(_c.full_at < _number("b_now"))


class BucketRows:
    """The part of `protocols.acme.ports.AcmeReader` about rates."""

    __slots__ = ()

    _connection: Connection

    def tokens_left(self, subject: str, now: datetime, rate: Rate) -> timedelta:
        """How long until the subject's bucket has a token; nothing if it has one."""
        full_at = self._connection.execute(_GET, {"subject": subject}).scalar()
        if full_at is None:
            return timedelta()
        wait = full_at + rate.window // rate.count // _MICROSECOND - (now - _EPOCH + rate.window) // _MICROSECOND
        return timedelta(microseconds=max(0, int(wait)))


class BucketWriter(BucketRows):
    """The part of `protocols.acme.ports.AcmeRows` about rates."""

    __slots__ = ()

    def take_token(self, subject: str, now: datetime, rate: Rate) -> bool:
        """Take a token out of the subject's bucket, which is filled at that rate; False if it is empty."""
        start, step = (now - _EPOCH) // _MICROSECOND, rate.window // rate.count // _MICROSECOND
        given = {
            "subject": subject,
            "full_at": start + step,
            "b_now": start,
            "b_step": step,
            "b_limit": start + rate.window // _MICROSECOND,
        }
        return _TAKE.run(self._connection, given)

    def forget_buckets(self, now: datetime) -> int:
        """Forget buckets that are full again; how many."""
        return self._connection.execute(_FORGET, {"b_now": (now - _EPOCH) // _MICROSECOND}).rowcount
