"""What SCEP needs of others: its rows in the store, and who answers for the CA."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.ca import ports as ca
from emca_daemon.protocols.scep.records import Transaction


class TransactionsReader(Protocol):
    """Questions about transactions."""

    def get(self, transaction: str) -> Transaction | None:
        """One, by its name."""

    def of_group(self, group: str) -> Sequence[Transaction]:
        """Those of one transactionID (at most 100), newest first."""

    def overdue(self, now: datetime) -> bool:
        """Whether anything has expired."""


class Transactions(TransactionsReader, Protocol):
    """Changes to transactions."""

    def put(self, transaction: Transaction, replaces: Transaction | None) -> bool:
        """Keep a new one, or put it in the place of another; False if somebody else did so meanwhile."""

    def forget(self, now: datetime, most: int) -> int:
        """Remove what has expired; how many that was."""


class Reading(ca.Reading, Protocol):
    """A transaction of the store that changes nothing."""

    @property
    def scep(self) -> TransactionsReader:
        """SCEP's rows."""


class Writing(ca.Writing, Protocol):
    """A transaction of the store that commits when its block ends."""

    @property
    def scep(self) -> Transactions:
        """SCEP's rows."""


class ScepStore(Protocol):
    """A store that holds SCEP's rows too."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction; raises Refused(UNAVAILABLE)."""

    def writing(self) -> AbstractContextManager[Writing]:
        """Open a write transaction; raises Refused(UNAVAILABLE)."""


class Registration(Protocol):
    """Who signs and decrypts for the CA: the CA itself, or its registration authority."""

    def certificates(self) -> Sequence[x509.Certificate]:
        """The RA's certificates that clients are told, none where the CA answers itself; raises UNAVAILABLE."""

    def identity(self) -> SigningIdentity:
        """Who signs replies now; raises Refused(UNAVAILABLE)."""

    def decryptors(self, *, fresh: bool) -> Sequence[x509.Certificate]:
        """Every certificate that messages may be encrypted to; `fresh` looks again for what others made."""

    def decryption_key(self, certificate: x509.Certificate) -> PrivateKeyTypes:
        """The key to one of them; raises Refused(UNAVAILABLE)."""
