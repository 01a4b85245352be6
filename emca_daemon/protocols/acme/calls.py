"""A signed request whose signature was checked: what operations are given."""

from dataclasses import dataclass
from datetime import datetime

from emca_daemon.ca.audit import event_by, refusal_by
from emca_daemon.ca.records import AuditEvent, AuditValue
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.acme.account_keys import AccountKey
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import malformed, unauthorized
from emca_daemon.protocols.acme.jws import SignedMessage
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Account
from emca_daemon.protocols.http import Request
from emca_daemon.protocols.json_text import read_object


@dataclass(frozen=True, slots=True)
class Call:
    """A request signed by `key`; `identity` is the account's URL, or the key's thumbprint where there is no account.

    `parameters` are the variable parts of the path; `now` is the one time of the whole request.
    """

    endpoint: Endpoint
    request: Request
    parameters: tuple[str, ...]
    message: SignedMessage
    nonce: bytes
    key: AccountKey
    identity: str
    now: datetime

    @property
    def is_read(self) -> bool:
        """Whether it is a POST-as-GET (RFC 8555 6.3)."""
        return not self.message.payload

    def payload(self) -> dict[str, object]:
        """The JSON object in the payload; raises Refused(MALFORMED)."""
        return read_object(self.message.payload, "the payload")

    def require_read(self) -> None:
        """Raises Refused(MALFORMED) unless it is a POST-as-GET."""
        if not self.is_read:
            raise malformed("this resource can only be read: the payload must be the empty string")

    def spend_nonce(self, tx: Writing) -> None:
        """Use up the nonce in this transaction; raises Refused(REPLAYED) if it was used before."""
        if not tx.acme.spend_nonce(self.nonce):
            raise Refused(Reason.REPLAYED, "the nonce was used before")

    def requester(self) -> Requester:
        """Who asks, for policy and audit."""
        return Requester(
            protocol="acme",
            identity=self.identity,
            proof="jws",
            origin=self.request.peer.address,
            request_id=self.request.id,
            application=self.endpoint.name,
        )

    def event(self, action: str, subject: str, outcome: str = "success", **details: AuditValue) -> AuditEvent:
        """An audit event of what this request did."""
        return event_by(self.requester(), self.now, action, subject, outcome, **details)

    def refused_event(self, action: str, subject: str, refused: Refused) -> AuditEvent:
        """An audit event of a decision against this request."""
        return refusal_by(self.requester(), self.now, action, subject[:4096], refused)


@dataclass(frozen=True, slots=True)
class AccountCall(Call):
    """A request signed by the key of a valid account.

    `account` may be what is remembered of it: only its id, its status and its key are sure to be those of the row.
    """

    account: Account

    def stored_account(self, tx: Writing) -> Account:
        """The account as its row is."""
        return tx.acme.account(self.account.id) or self.account

    def require_own(self, account_id: str) -> None:
        """Raises unauthorized unless a resource belongs to the account."""
        if account_id != self.account.id:
            raise unauthorized("this resource belongs to another account")
