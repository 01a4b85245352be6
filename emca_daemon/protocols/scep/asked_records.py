"""What is kept of a request that somebody else was asked about: their answer, and what they are to be told."""

from dataclasses import dataclass, field
from datetime import datetime

from emca_daemon.names import IssuerName, SerialNumber


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, by its name (`records.transaction_name`).

    `asking` is until when somebody may be waiting for the answer; None once it was yes, with `identity` (a no is not
    kept). `issuer` and `serial`, or `pending`, are what came of it. `failure` says why nothing did. `due` is when the
    other side is to be told, after `attempts` attempts that failed; None: nothing is to be told. `request` is the
    PKCS #10 request in DER, empty where the other side does not want it back. `version` counts the changes.
    """

    transaction: str
    endpoint: str
    transaction_id: bytes
    created: datetime
    expires: datetime
    request: bytes = field(default=b"", repr=False)
    asking: datetime | None = None
    identity: str = ""
    issuer: IssuerName | None = None
    serial: SerialNumber | None = None
    pending: str = ""
    failure: str = ""
    due: datetime | None = None
    attempts: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """How a request ended: with a certificate (DER), or empty, for the reason in `detail`."""

    endpoint: str
    transaction: str
    transaction_id: bytes
    request: bytes = field(repr=False)
    certificate: bytes = b""
    detail: str = ""
