"""What is kept of a transaction between its messages."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from emca_daemon.asn1.cmp import Body
from emca_daemon.names import IssuerName, SerialNumber


class Stage(Enum):
    """Where a transaction stands."""

    ISSUING = "issuing"
    """The certificate is about to be signed."""
    CHALLENGED = "challenged"
    """The client has yet to decrypt a challenge, which proves possession."""
    WAITING = "waiting"
    """A person must approve; the client polls."""
    CONFIRMING = "confirming"
    """The certificate was handed out; the client has yet to accept it."""
    FINISHED = "finished"
    """Over; kept for a while so that nothing can be replayed."""


MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.ISSUING: frozenset({Stage.CONFIRMING, Stage.FINISHED}),
    Stage.CHALLENGED: frozenset({Stage.ISSUING, Stage.WAITING, Stage.FINISHED}),
    Stage.WAITING: frozenset({Stage.WAITING, Stage.CONFIRMING, Stage.FINISHED}),
    Stage.CONFIRMING: frozenset({Stage.FINISHED}),
    Stage.FINISHED: frozenset(),
}
"""From each stage, those that may follow."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a client was sent to prove that it can decrypt (RFC 9810 5.2.8.3.3), and what becomes of its request then.

    `witness` is the hash of the INTEGER to be answered, in DER; `request` the message that asked, header and body,
    and `label` what its path said of the profile.
    """

    witness: bytes
    request: bytes
    label: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of an endpoint.

    `credential` names who opened it and is the only one to go on with it, `protection` the OID by which that one
    protects; `signer` is the certificate in DER for signatures. `request_id` is the certReqId; `nonce` the senderNonce
    that we sent last; `pending` the waiting request's id. `expires` is when the stage ends by itself. `digest` is
    that of the message that opened it (SHA-256), where the answer can be sent once more; `challenge` is there as long
    as it is CHALLENGED. `asked_nonce` is the senderNonce that the client sent last, `known_nonce` the recipNonce of its
    last poll: the answer to that may have been lost.
    """

    endpoint: str
    id: bytes
    credential: str
    protection: str
    request: Body
    request_id: int
    stage: Stage
    nonce: bytes
    implicit: bool
    created: datetime
    expires: datetime
    pending: str = ""
    issuer: IssuerName | None = None
    serial: SerialNumber | None = None
    signer: bytes | None = None
    digest: bytes | None = None
    challenge: Challenge | None = None
    asked_nonce: bytes | None = None
    known_nonce: bytes | None = None


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A secret by which its holder may revoke without any key (RFC 9810 5.3.19.9, Appendix B).

    `holder` is the requester whose certificates it is about, `identifier` what a later rr names it by (senderKID).
    """

    endpoint: str
    holder: str
    identifier: bytes
    passphrase: bytes = field(repr=False)
    changed: datetime


@dataclass(frozen=True, slots=True)
class KemSecret:
    """A secret that was encapsulated to a client's certificate (DER), for what it sends in one transaction."""

    endpoint: str
    id: bytes
    credential: str
    secret: bytes = field(repr=False)
    certificate: bytes
    expires: datetime
