"""Units of work: the only way to a connection."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from emca_daemon.ca.records import AuditEvent
from emca_daemon.clock import Clock, system_clock
from emca_daemon.store.acme import AcmeRows, AcmeWriter
from emca_daemon.store.audit import AuditRows, AuditWriter
from emca_daemon.store.certificates import CertificateRows, CertificateWriter
from emca_daemon.store.cmp_kem_secrets import KemRows, KemWriter
from emca_daemon.store.cmp_passphrases import PassphraseRows, PassphraseWriter
from emca_daemon.store.cmp_transactions import CmpRows, CmpWriter
from emca_daemon.store.connections import connections_of
from emca_daemon.store.credentials import CredentialRows, CredentialWriter
from emca_daemon.store.crls import CrlRows, CrlWriter
from emca_daemon.store.failures import DATABASE_FAILURES, refusal_of
from emca_daemon.store.issuers import IssuerRows, IssuerWriter
from emca_daemon.store.leases import LeaseWriter
from emca_daemon.store.pending import PendingRows, PendingWriter
from emca_daemon.store.scep_asked import AskedRows, AskedWriter
from emca_daemon.store.scep_challenges import ScepChallengeRows, ScepChallengeWriter
from emca_daemon.store.scep_transactions import ScepRows, ScepWriter
from emca_daemon.store.statements import commit, execute_plain, roll_back

_BEGIN_READING = {"sqlite": "BEGIN"}
"""SQLite: one snapshot for the whole reading. PostgreSQL: none, each statement is a transaction of its own, which is
what READ COMMITTED gives anyway and saves two round trips out of three."""

_BEGIN_WRITING = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"}
"""SQLite: the write lock at once, since a transaction that read first could not take it any more after another wrote.
PostgreSQL: READ COMMITTED, because all that must exclude each other locks the row that it is about (a certificate's,
an issuer's counters, the audit head, a lease); stricter levels would make callers repeat what they did."""

_NOT_DURABLE_AFTER_BEGIN = {"sqlite": "", "postgresql": "; SET LOCAL synchronous_commit TO off"}
_SYNCHRONOUS = {True: "PRAGMA synchronous = FULL", False: "PRAGMA synchronous = NORMAL"}
"""How durable a transaction is: PostgreSQL is told in it (in the same round trip as its beginning), SQLite before it,
for the connection. Either way the database stays whole, and the next durable commit of anybody makes lasting what came
before it."""


class SqlReading:
    """An open transaction for questions; fulfils `ca.ports.Reading`."""

    __slots__ = ("_clock", "_connection")

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @property
    def certificates(self) -> CertificateRows:
        """Serial numbers and certificates."""
        return CertificateRows(self._connection, self._clock)

    @property
    def issuers(self) -> IssuerRows:
        """Our certificate authorities."""
        return IssuerRows(self._connection)

    @property
    def crls(self) -> CrlRows:
        """Published CRLs."""
        return CrlRows(self._connection)

    @property
    def audit(self) -> AuditRows:
        """The audit chain."""
        return AuditRows(self._connection)

    @property
    def pending(self) -> PendingRows:
        """Requests that wait for a person."""
        return PendingRows(self._connection)

    @property
    def acme(self) -> AcmeRows:
        """ACME's accounts, orders, authorizations and challenges."""
        return AcmeRows(self._connection)

    @property
    def cmp(self) -> CmpRows:
        """CMP's transactions."""
        return CmpRows(self._connection)

    @property
    def cmp_passphrases(self) -> PassphraseRows:
        """CMP's revocation passphrases."""
        return PassphraseRows(self._connection)

    @property
    def cmp_kem_secrets(self) -> KemRows:
        """Secrets that CMP encapsulated."""
        return KemRows(self._connection)

    @property
    def scep(self) -> ScepRows:
        """SCEP's transactions."""
        return ScepRows(self._connection)

    @property
    def scep_challenges(self) -> ScepChallengeRows:
        """SCEP's challenges and registered devices."""
        return ScepChallengeRows(self._connection)

    @property
    def scep_asked(self) -> AskedRows:
        """SCEP's requests that somebody else was asked about."""
        return AskedRows(self._connection)

    @property
    def credentials(self) -> CredentialRows:
        """Users with their passwords."""
        return CredentialRows(self._connection)


class SqlTransaction(SqlReading):
    """An open transaction for changes; fulfils `ca.ports.Writing`."""

    __slots__ = ("_noticed",)

    def __init__(self, connection: Connection, clock: Clock, noticed: Callable[[AuditEvent], None]) -> None:
        super().__init__(connection, clock)
        self._noticed = noticed

    @property
    def certificates(self) -> CertificateWriter:
        """Serial numbers and certificates."""
        return CertificateWriter(self._connection, self._clock)

    @property
    def issuers(self) -> IssuerWriter:
        """Our certificate authorities."""
        return IssuerWriter(self._connection)

    @property
    def crls(self) -> CrlWriter:
        """Published CRLs."""
        return CrlWriter(self._connection)

    @property
    def audit(self) -> AuditWriter:
        """The audit chain."""
        return AuditWriter(self._connection, self._noticed)

    @property
    def pending(self) -> PendingWriter:
        """Requests that wait for a person."""
        return PendingWriter(self._connection)

    @property
    def leases(self) -> LeaseWriter:
        """Work that one process does at a time."""
        return LeaseWriter(self._connection)

    @property
    def acme(self) -> AcmeWriter:
        """ACME's accounts, orders, authorizations, challenges and used nonces."""
        return AcmeWriter(self._connection)

    @property
    def cmp(self) -> CmpWriter:
        """CMP's transactions."""
        return CmpWriter(self._connection)

    @property
    def cmp_passphrases(self) -> PassphraseWriter:
        """CMP's revocation passphrases."""
        return PassphraseWriter(self._connection)

    @property
    def cmp_kem_secrets(self) -> KemWriter:
        """Secrets that CMP encapsulated."""
        return KemWriter(self._connection)

    @property
    def scep(self) -> ScepWriter:
        """SCEP's transactions."""
        return ScepWriter(self._connection)

    @property
    def scep_challenges(self) -> ScepChallengeWriter:
        """SCEP's challenges and registered devices."""
        return ScepChallengeWriter(self._connection)

    @property
    def scep_asked(self) -> AskedWriter:
        """SCEP's requests that somebody else was asked about."""
        return AskedWriter(self._connection)

    @property
    def credentials(self) -> CredentialWriter:
        """Users with their passwords, and what is counted of attempts."""
        return CredentialWriter(self._connection)


class _Thread(threading.local):
    """What the store knows of the thread that asks: the connection of its open transaction."""

    connection: Connection | None = None


class SqlReadingStore:
    """A store that can only be asked; fulfils `ca.ports.ReadingStore`.

    It may be used from any thread, and each thread has one transaction at a time: a reading inside of another
    transaction joins it (and sees what that one changed so far); a writing inside of another would wait for it
    (SQLite) or for a connection that never comes back (PostgreSQL), so it is a RuntimeError. `timeout` (seconds) is
    how long a thread waits for a database in memory. A Refused raised by a writing method leaves the transaction
    usable.
    """

    def __init__(self, engine: Engine, clock: Clock = system_clock, *, timeout: float = 10) -> None:
        self._connections = connections_of(engine, timeout)
        self._clock = clock
        self._thread = _Thread()
        self._begin_reading = _BEGIN_READING.get(engine.dialect.name)
        begin = _BEGIN_WRITING[engine.dialect.name]
        self._begin_writing = {True: begin, False: begin + _NOT_DURABLE_AFTER_BEGIN[engine.dialect.name]}

    @contextmanager
    def reading(self) -> Iterator[SqlReading]:
        """Open a transaction for questions.

        Raises Refused(UNAVAILABLE), and Refused(MALFORMED) for a text that no database can hold.
        """
        joined = self._thread.connection
        if joined is not None:
            yield SqlReading(joined, self._clock)
            return
        with self._transaction(self._begin_reading) as connection:
            yield SqlReading(connection, self._clock)

    def close(self) -> None:
        """Close every connection, once no thread is in a transaction; whoever uses the store later opens new ones."""
        self._connections.close()

    @contextmanager
    def _transaction(self, begin: str | None, durable: bool | None = None) -> Iterator[Connection]:
        if self._thread.connection is not None:
            raise RuntimeError("this thread has a transaction open already")
        try:
            connection = self._begun(begin, durable)
            self._thread.connection = connection
            try:
                yield connection
                commit(connection)
            except BaseException:
                _roll_back(connection)
                raise
            finally:
                self._thread.connection = None
                self._connections.give_back(connection)
        except DATABASE_FAILURES as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error

    def _begun(self, begin: str | None, durable: bool | None) -> Connection:
        try:
            return self._take(begin, durable)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server was restarted while the connection lay in the pool. Nothing was done on it yet, and its
            # failure emptied the pool: a new one will do.
            return self._take(begin, durable)

    def _take(self, begin: str | None, durable: bool | None) -> Connection:
        connection = self._connections.take()
        try:
            if durable is not None:
                _set_connection_durability(connection, durable)
            if begin is not None:
                execute_plain(connection, begin)
        except BaseException:
            _roll_back(connection)
            self._connections.give_back(connection)
            raise
        return connection


class SqlStore(SqlReadingStore):
    """A store that can be asked and told; fulfils `ca.ports.Store`."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock = system_clock,
        *,
        timeout: float = 10,
        noticed: Callable[[AuditEvent], None] = lambda _: None,
    ) -> None:
        """`noticed` is told every audit event as it is written, for metrics; it must not raise."""
        super().__init__(engine, clock, timeout=timeout)
        self._noticed = noticed

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[SqlTransaction]:
        """Open a transaction for changes: committed when the block ends, rolled back when it raises.

        Without `durable` the commit does not wait for the disk: a power failure, though no crash of the process, may
        undo it. That is for changes whose loss does no harm (a used nonce of a request that only reads).
        Raises Refused(UNAVAILABLE) when the database cannot be reached or stays locked, also at the end: when the
        connection breaks during the commit, nobody knows whether it took place.
        """
        with self._transaction(self._begin_writing[durable], durable) as connection:
            yield SqlTransaction(connection, self._clock, self._noticed)


def _set_connection_durability(connection: Connection, durable: bool) -> None:
    """Where it is set for the connection: once, as long as it stays the same (a new connection is durable)."""
    if connection.dialect.name == "sqlite" and connection.info.get("durable", True) is not durable:
        execute_plain(connection, _SYNCHRONOUS[durable])
        connection.info["durable"] = durable


def _roll_back(connection: Connection) -> None:
    try:
        roll_back(connection)
    except DBAPIError:
        with suppress(DBAPIError):
            connection.invalidate()
