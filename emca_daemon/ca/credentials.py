"""Users who prove who they are by a password, and what the store keeps of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from emca_daemon.ca import ports


@dataclass(frozen=True, slots=True)
class Credential:
    """A user of one realm.

    `password` is an Argon2id hash in PHC form; `ha1_sha256` and `ha1_md5` are what HTTP Digest needs (RFC 7616 3.4.2,
    hexadecimal; empty where this user has no Digest); `version` changes with every new password.
    """

    realm: str
    name: str
    password: str = field(repr=False)
    created: datetime
    groups: frozenset[str] = frozenset()
    ha1_sha256: str = field(default="", repr=False)
    ha1_md5: str = field(default="", repr=False)
    version: int = 1
    failures: int = 0
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Whether too many wrong passwords were given lately."""
        return self.locked_until is not None and now < self.locked_until


class CredentialsReader(Protocol):
    """Questions about users."""

    def get(self, realm: str, name: str) -> Credential | None:
        """One user."""

    def list(self, realm: str | None = None) -> Sequence[Credential]:
        """Users by realm and name."""

    def counted(self, subject: str, now: datetime, window: timedelta) -> int:
        """How many of something were counted in the window of time that is open."""


class Credentials(CredentialsReader, Protocol):
    """Changes to users, and what all processes count together."""

    def add(self, credential: Credential) -> None:
        """Keep a new user; raises Refused(WRONG_STATE) if the name is taken."""

    def update(self, credential: Credential) -> None:
        """Replace groups, password and lock, with the next version; raises Refused(NOT_FOUND)."""

    def remove(self, realm: str, name: str) -> None:
        """Forget a user; raises Refused(NOT_FOUND)."""

    def failed(self, realm: str, name: str, now: datetime, limit: int, until: datetime) -> None:
        """Count a wrong password; the one that makes it `limit` locks the user until then."""

    def succeeded(self, realm: str, name: str) -> None:
        """Start counting anew."""

    def count(self, subject: str, now: datetime, window: timedelta) -> int:
        """Count one more of something; how many there were since the window of time began."""

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The secret of that name that all processes share; `fresh` becomes it if there is none yet."""

    def use_nonce(self, nonce: bytes, number: int, expires: datetime) -> bool:
        """Note that a Digest nonce was used with that count; False unless the count is higher than every one before."""

    def purge(self, now: datetime, window: timedelta) -> int:
        """Forget nonces that have expired and counts older than the window; how many rows that were."""


class Reading(ports.Reading, Protocol):
    """A transaction that changes nothing."""

    @property
    def credentials(self) -> CredentialsReader:
        """Users."""


class Writing(ports.Writing, Protocol):
    """A transaction that commits when its block ends and rolls back when it raises."""

    @property
    def credentials(self) -> Credentials:
        """Users."""


class CredentialStore(Protocol):
    """A store that holds users too."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction; raises Refused(UNAVAILABLE) when the database cannot be reached."""

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writing]:
        """Open a write transaction; raises Refused(UNAVAILABLE) when the database cannot be reached."""
