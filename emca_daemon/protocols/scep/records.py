"""What SCEP remembers of a request, so that every process gives the same answer to the same question."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from emca_daemon.names import IssuerName, SerialNumber


@dataclass(frozen=True, slots=True)
class Transaction:
    """One request that got so far as a serial number, or to a person.

    `id` names it (`transaction_name`), `group` all requests of the endpoint with the same transactionID
    (`group_name`); `signer_key` is SHA-256 over the SubjectPublicKeyInfo of who signed it; `pending` is the id of the
    request that waits for a person, empty where nobody was asked.
    """

    id: str
    group: str
    endpoint: str
    signer_key: bytes
    created: datetime
    expires: datetime
    pending: str = ""
    issuer: IssuerName | None = None
    serial: SerialNumber | None = None


def group_name(endpoint: str, transaction_id: bytes) -> str:
    """All requests of an endpoint with one transactionID, which is no longer than a hash however long that is."""
    return sha256(b"\0".join((endpoint.encode(), transaction_id))).hexdigest()


def transaction_name(group: str, information: bytes, renewed: bytes) -> str:
    """One request: the CSR without its signature, and the certificate that is renewed by it (empty for none).

    A client with an EC key that makes its CSR anew for a retry has the same with another signature. A client that
    renews with its old key sends the very CSR that it enrolled with; only the signer tells them apart.
    """
    return sha256(b"\0".join((group.encode(), sha256(information).digest(), sha256(renewed).digest()))).hexdigest()
