"""Challenges that were made for somebody, the devices that were registered, and what the challenges were used for."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from emca_daemon.names import AlternativeName, IssuerName, SerialNumber, Subject


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that can be used `most_uses` times until it expires or is revoked.

    `source` says how it was made: `operator`, `page`, `api`, or `device` for that of the registered device whose id
    is `device`. `subject` and `names`, where they are not None, are exactly what a request must ask for.
    """

    id: str
    endpoint: str
    digest: bytes = field(repr=False)
    source: str
    made_by: str
    created: datetime
    expires: datetime
    most_uses: int = 1
    uses: int = 0
    revoked: datetime | None = None
    subject: Subject | None = None
    names: frozenset[AlternativeName] | None = None
    device: str = ""
    note: str = ""

    def is_secret(self, secret: bytes) -> bool:
        """Whether this is the secret, found out in a time that tells nothing."""
        return hmac.compare_digest(self.digest, digest_of(secret))

    @property
    def used_up(self) -> bool:
        """Whether it cannot be used once more."""
        return self.uses >= self.most_uses


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device; `device_id` is what its requests must name it by."""

    id: str
    endpoint: str
    manufacturer: str
    model: str
    device_id: str
    made_by: str
    created: datetime
    note: str = ""

    @property
    def identity(self) -> str:
        """How certificates and the audit chain name it."""
        return f"{self.manufacturer}/{self.model}/{self.device_id}"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a challenge: by which request (`records.transaction_name`), and what came of it.

    That is a serial number of the issuer, or the id of a request that waits for a person.
    """

    challenge: str
    transaction: str
    created: datetime
    issuer: IssuerName | None = None
    serial: SerialNumber | None = None
    pending: str = ""


def digest_of(secret: bytes) -> bytes:
    """What is kept of a secret.

    SHA-256 without salt or stretching is enough: secrets are made of 8 random octets at the least, 16 usually, so
    that there is no list of likely ones to try, and a found hash opens nothing until all of them were tried.
    """
    return sha256(secret).digest()
