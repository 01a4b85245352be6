"""What SCEP needs of others: its rows in the store, and who answers for the CA."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.ca import ports as ca
from emca_daemon.protocols.scep.asked_records import Asked
from emca_daemon.protocols.scep.challenge_records import Challenge, Device, Use
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


class MadeChallengesReader(Protocol):
    """Questions about challenges and devices."""

    def get(self, challenge: str) -> Challenge | None:
        """One challenge, by its id."""

    def by_digest(self, endpoint: str, digest: bytes) -> Challenge | None:
        """One challenge of an endpoint, by the hash of its secret."""

    def of_device(self, device: str) -> Challenge | None:
        """The latest challenge of a device, one that is not revoked before those that are."""

    def list(self, endpoint: str | None, most: int, after: str = "") -> Sequence[Challenge]:
        """Challenges that are no device's, by their ids, which begin with the time when they were made."""

    def outstanding(self, endpoint: str, source: str, now: datetime) -> int:
        """How many of that source could still be used."""

    def use(self, challenge: str, transaction: str) -> Use | None:
        """What a request used a challenge for."""

    def device(self, device: str) -> Device | None:
        """One device, by the id of its registration."""

    def devices(self, endpoint: str | None, most: int, after: str = "") -> Sequence[Device]:
        """Devices by the ids of their registrations."""

    def overdue(self, before: datetime) -> bool:
        """Whether `forget` would find anything."""


class MadeChallenges(MadeChallengesReader, Protocol):
    """Changes to challenges and devices."""

    def add(self, challenge: Challenge) -> None:
        """Keep a new challenge."""

    def revoke(self, challenge: str, now: datetime) -> bool:
        """Let nobody use it any more; False where it is not there or revoked already."""

    def take(self, use: Use) -> bool:
        """Use it once, at `use.created`; False where no use is left, or it was revoked, or has expired."""

    def take_again(self, use: Use, instead_of: Use) -> bool:
        """Put a use in the place of one that came to nothing; False if that is gone, or the challenge was revoked."""

    def give_back(self, challenge: str, transaction: str) -> bool:
        """Undo a use; False where there is none."""

    def add_device(self, device: Device) -> bool:
        """Keep a new device; False where one of that manufacturer, model and id is registered already."""

    def remove_device(self, device: str) -> bool:
        """Forget a device, its challenges, and their uses; False where there is none."""

    def forget(self, before: datetime, most: int) -> int:
        """Remove challenges that are no device's and expired, or were revoked, before that time; how many."""


class AskedRequestsReader(Protocol):
    """Questions about requests that somebody else was asked about."""

    def get(self, transaction: str) -> Asked | None:
        """One, by the name of the request."""

    def due(self, now: datetime, most: int) -> Sequence[Asked]:
        """Those of which the other side is to be told by now, the longest due first."""

    def overdue(self, now: datetime) -> bool:
        """Whether `forget` would find anything."""


class AskedRequests(AskedRequestsReader, Protocol):
    """Changes to them."""

    def add(self, asked: Asked) -> bool:
        """Keep a new one; False where one of that name is there."""

    def change(self, asked: Asked) -> bool:
        """Replace the one with its name and version, and count that; False where that is gone or was changed."""

    def remove(self, asked: Asked) -> bool:
        """Forget the one with its name and version; False where that is gone or was changed."""

    def forget(self, now: datetime, most: int) -> int:
        """Remove what has expired and of which nothing is to be told; how many."""


class Reading(ca.Reading, Protocol):
    """A transaction of the store that changes nothing."""

    @property
    def scep(self) -> TransactionsReader:
        """SCEP's rows."""

    @property
    def scep_challenges(self) -> MadeChallengesReader:
        """Challenges and devices."""

    @property
    def scep_asked(self) -> AskedRequestsReader:
        """What somebody else was asked."""


class Writing(ca.Writing, Protocol):
    """A transaction of the store that commits when its block ends."""

    @property
    def scep(self) -> Transactions:
        """SCEP's rows."""

    @property
    def scep_challenges(self) -> MadeChallenges:
        """Challenges and devices."""

    @property
    def scep_asked(self) -> AskedRequests:
        """What somebody else was asked."""


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
