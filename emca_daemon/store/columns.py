"""Column types shared by the tables, alike on both databases.

A time is an integer, microseconds since 1970 in UTC: exact, ordered, and out of reach of the session time zones and
adapters in which SQLite and PostgreSQL differ. A serial number is 40 lower-case hexadecimal digits: it sorts as the
number does, has no limit of 64 bits, and reads as people write serials.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

from emca_daemon.names import SerialNumber

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NAME = String(255)
"""Names of our own making: issuers, profiles, requesters."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To the database; a naive datetime is a TypeError."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Serial(TypeDecorator[SerialNumber]):
    """A serial number as 40 hexadecimal digits."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: SerialNumber | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database; a number beyond 20 octets becomes a longer text, which no row has."""
        return None if value is None else f"{value:040x}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> SerialNumber | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else SerialNumber(int(value, 16))
