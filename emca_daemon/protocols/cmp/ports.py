"""What CMP needs of the store, and of who knows its devices."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from emca_daemon.asn1.cmp import Body
from emca_daemon.ca import ports as ca
from emca_daemon.names import AlternativeName, Subject
from emca_daemon.protocols.cmp.records import KemSecret, Passphrase, Stage, Transaction


class TransactionsReader(Protocol):
    """Questions about transactions."""

    def get(self, endpoint: str, transaction_id: bytes) -> Transaction | None:
        """One transaction."""

    def is_open(self, credential: str, request: Body) -> bool:
        """Whether that credential has a transaction of that kind that is not over."""

    def count_open(self, endpoint: str, credential: str) -> int:
        """How many transactions of that credential are not over."""

    def overdue(self, now: datetime, limit: int) -> Sequence[Transaction]:
        """Transactions whose stage has ended by itself, oldest first."""


class Transactions(TransactionsReader, Protocol):
    """Changes to transactions."""

    def add(self, transaction: Transaction) -> bool:
        """Keep a new one; False where its id is taken."""

    def update(self, transaction: Transaction, expected: Stage) -> None:
        """Replace it; raises Refused(WRONG_STATE) unless it is in the expected stage."""

    def remove(self, transaction: Transaction) -> None:
        """Forget one that is over."""


class PassphrasesReader(Protocol):
    """Questions about revocation passphrases."""

    def find(self, endpoint: str, identifier: bytes) -> Passphrase | None:
        """The passphrase of that identifier."""


class Passphrases(PassphrasesReader, Protocol):
    """Changes to revocation passphrases."""

    def keep(self, passphrase: Passphrase) -> bool:
        """Keep it in the place of its holder's last one; False where its identifier is somebody else's."""


class KemSecretsReader(Protocol):
    """Questions about secrets encapsulated to clients."""

    def find(self, endpoint: str, transaction_id: bytes) -> KemSecret | None:
        """The secret of a transaction."""

    def count(self, endpoint: str, credential: str) -> int:
        """How many that credential has."""

    def is_overdue(self, now: datetime) -> bool:
        """Whether there is one whose time is over."""


class KemSecrets(KemSecretsReader, Protocol):
    """Changes to secrets encapsulated to clients."""

    def add(self, secret: KemSecret) -> bool:
        """Keep a new one; False where its transaction has one."""

    def extend(self, secret: KemSecret, expires: datetime) -> None:
        """Keep it for longer."""

    def forget(self, now: datetime) -> int:
        """Remove those whose time is over; how many."""


class Reading(ca.Reading, Protocol):
    """A transaction of the store that changes nothing."""

    @property
    def cmp(self) -> TransactionsReader:
        """CMP's transactions."""

    @property
    def cmp_passphrases(self) -> PassphrasesReader:
        """CMP's revocation passphrases."""

    @property
    def cmp_kem_secrets(self) -> KemSecretsReader:
        """Secrets that CMP encapsulated."""


class Writing(ca.Writing, Protocol):
    """A transaction of the store that changes something."""

    @property
    def cmp(self) -> Transactions:
        """CMP's transactions."""

    @property
    def cmp_passphrases(self) -> Passphrases:
        """CMP's revocation passphrases."""

    @property
    def cmp_kem_secrets(self) -> KemSecrets:
        """Secrets that CMP encapsulated."""


class Store(Protocol):
    """The store with CMP's rows."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction; raises Refused(UNAVAILABLE)."""

    def writing(self) -> AbstractContextManager[Writing]:
        """Open a write transaction; raises Refused(UNAVAILABLE)."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody was told to the CA to be: the subject it may have and the names (None: as policy allows)."""

    subject: Subject | None = None
    names: frozenset[AlternativeName] | None = None


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """The secret behind a reference value."""

    reference: str
    secret: bytes = field(repr=False)
    registration: Registration


class Registry(Protocol):
    """Who is known beforehand."""

    def secret(self, reference: bytes) -> SharedSecret | None:
        """The secret of a reference value (senderKID)."""

    def device(self, identifiers: Sequence[str]) -> Registration | None:
        """The device that was registered under one of these: its subject, its serial number, its common name."""
