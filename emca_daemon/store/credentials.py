"""Users with their passwords, and what all processes count together: attempts and Digest nonces."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    case,
    delete,
    literal,
    select,
    update,
)

from emca_daemon.ca.credentials import Credential
from emca_daemon.errors import Reason, Refused
from emca_daemon.store.columns import NAME, Moment
from emca_daemon.store.inserting import InsertNew, InsertOrChange
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Row, Statement

credentials = Table(
    "credentials",
    metadata,
    Column("realm", NAME, primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("password", Text, nullable=False),
    Column("ha1_sha256", String(64), nullable=False),
    Column("ha1_md5", String(32), nullable=False),
    Column("groups", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
)
attempt_counts = Table(
    "attempt_counts",
    metadata,
    Column("subject", NAME, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("count", Integer, nullable=False),
)
digest_nonces = Table(
    "digest_nonces",
    metadata,
    Column("nonce", LargeBinary, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("expires", Moment, nullable=False),
)
credential_secrets = Table(
    "credential_secrets",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

_MOST_COUNTED = 1_000_000
_c = credentials.c
_THE_ONE = (_c.realm == bindparam("b_realm"), _c.name == bindparam("b_name"))
_GET = Statement(select(credentials).where(*_THE_ONE))
_LIST = select(credentials).order_by(_c.realm, _c.name)
_INSERT = InsertNew(credentials)
_UPDATE = Statement(
    update(credentials)
    .where(*_THE_ONE)
    .values(
        {column: bindparam(column.name) for column in _c if column.name not in ("realm", "name", "created", "version")}
    )
    .values(version=_c.version + 1)
)
_REMOVE = Statement(delete(credentials).where(*_THE_ONE))
_FAILURES = case((_c.locked_until <= bindparam("b_now", type_=Moment), 1), else_=_c.failures + 1)
_LOCK = case((bindparam("b_limit") <= _FAILURES, bindparam("b_until", type_=Moment)), else_=literal(None, type_=Moment))
_FAILED = Statement(update(credentials).where(*_THE_ONE).values(failures=_FAILURES, locked_until=_LOCK))
_SUCCEEDED = Statement(update(credentials).where(*_THE_ONE).values(failures=0, locked_until=None))
_COUNT = {
    "old": update(attempt_counts)
    .where(attempt_counts.c.subject == bindparam("b_subject"), attempt_counts.c.since <= bindparam("b_before"))
    .values(since=bindparam("b_now"), count=1),
    "open": update(attempt_counts)
    .where(attempt_counts.c.subject == bindparam("b_subject"), attempt_counts.c.count < _MOST_COUNTED)
    .values(count=attempt_counts.c.count + 1),
}
_NEW_COUNT = InsertNew(attempt_counts)
_COUNTED = Statement(
    select(attempt_counts.c.count).where(
        attempt_counts.c.subject == bindparam("b_subject"), attempt_counts.c.since > bindparam("b_before")
    )
)
_USE_NONCE = InsertOrChange(
    digest_nonces, lambda new: {"number": new.number}, lambda new: digest_nonces.c.number < new.number
)
_SECRET = select(credential_secrets.c.value).where(credential_secrets.c.name == bindparam("b_name"))
_NEW_SECRET = InsertNew(credential_secrets)
_PURGES = (
    delete(digest_nonces).where(digest_nonces.c.expires < bindparam("b_now")),
    delete(attempt_counts).where(attempt_counts.c.since <= bindparam("b_before")),
)


class CredentialRows:
    """Fulfils `ca.credentials.CredentialsReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, realm: str, name: str) -> Credential | None:
        """One user."""
        row = _GET.first(self._connection, _key(realm, name))
        return None if row is None else _credential_of(row)

    def list(self, realm: str | None = None) -> Sequence[Credential]:
        """Users by realm and name."""
        rows = self._connection.execute(_LIST if realm is None else _LIST.where(_c.realm == realm))
        return [_credential_of(row) for row in rows]

    def counted(self, subject: str, now: datetime, window: timedelta) -> int:
        """How many were counted in the window that is open."""
        given = {"b_subject": subject[:255], "b_before": now - window}
        row = _COUNTED.first(self._connection, given)
        return 0 if row is None else int(row.count)


class CredentialWriter(CredentialRows):
    """Fulfils `ca.credentials.Credentials`."""

    __slots__ = ()

    def add(self, credential: Credential) -> None:
        """Keep a new user; raises Refused(WRONG_STATE) if the name is taken."""
        values = {"realm": credential.realm, "name": credential.name, **_values(credential)}
        if not _INSERT.run(self._connection, {**values, "created": credential.created, "version": credential.version}):
            raise Refused(Reason.WRONG_STATE, f"there is a user `{credential.name}` in `{credential.realm}` already")

    def update(self, credential: Credential) -> None:
        """Replace everything but the name, with the next version; raises Refused(NOT_FOUND)."""
        given = {**_key(credential.realm, credential.name), **_values(credential)}
        if not _UPDATE.run(self._connection, given):
            raise _nobody(credential.realm, credential.name)

    def remove(self, realm: str, name: str) -> None:
        """Forget a user; raises Refused(NOT_FOUND)."""
        if not _REMOVE.run(self._connection, _key(realm, name)):
            raise _nobody(realm, name)

    def failed(self, realm: str, name: str, now: datetime, limit: int, until: datetime) -> None:
        """Count a wrong password; the one that makes it `limit` locks the user until then."""
        _FAILED.run(self._connection, {**_key(realm, name), "b_now": now, "b_limit": limit, "b_until": until})

    def succeeded(self, realm: str, name: str) -> None:
        """Start counting anew."""
        _SUCCEEDED.run(self._connection, _key(realm, name))

    def count(self, subject: str, now: datetime, window: timedelta) -> int:
        """Count one more of something; how many there were since the window of time began."""
        subject = subject[:255]
        given = {"b_subject": subject, "b_before": now - window, "b_now": now}
        if _NEW_COUNT.run(self._connection, {"subject": subject, "since": now, "count": 1}):
            return 1
        if not self._connection.execute(_COUNT["old"], given).rowcount:
            self._connection.execute(_COUNT["open"], {"b_subject": subject})
        return self.counted(subject, now, window)

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The secret of that name; `fresh` becomes it if there is none yet."""
        _NEW_SECRET.run(self._connection, {"name": name, "value": fresh})
        return bytes(self._connection.execute(_SECRET, {"b_name": name}).scalar_one())

    def use_nonce(self, nonce: bytes, number: int, expires: datetime) -> bool:
        """Note that a Digest nonce was used with that count; False unless it is higher than every one before."""
        return _USE_NONCE.run(self._connection, {"nonce": nonce, "number": number, "expires": expires})

    def purge(self, now: datetime, window: timedelta) -> int:
        """Forget nonces that have expired and counts older than the window."""
        nonces, counts = _PURGES
        forgotten = self._connection.execute(nonces, {"b_now": now}).rowcount
        return forgotten + self._connection.execute(counts, {"b_before": now - window}).rowcount


def _key(realm: str, name: str) -> Mapping[str, str]:
    return {"b_realm": realm, "b_name": name}


def _values(credential: Credential) -> dict[str, object]:
    return {
        "password": credential.password,
        "ha1_sha256": credential.ha1_sha256,
        "ha1_md5": credential.ha1_md5,
        "groups": "\n".join(sorted(credential.groups)),
        "failures": credential.failures,
        "locked_until": credential.locked_until,
    }


def _credential_of(row: Row) -> Credential:
    return Credential(
        realm=row.realm,
        name=row.name,
        password=row.password,
        created=row.created,
        groups=frozenset(filter(None, row.groups.split("\n"))),
        ha1_sha256=row.ha1_sha256,
        ha1_md5=row.ha1_md5,
        version=row.version,
        failures=row.failures,
        locked_until=row.locked_until,
    )


def _nobody(realm: str, name: str) -> Refused:
    return Refused(Reason.NOT_FOUND, f"there is no user `{name}` in `{realm}`")
