"""What ACME needs of others: its rows in the store, and somebody who validates challenges."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from emca_daemon.ca import ports as ca
from emca_daemon.names import AlternativeName, IssuerName, SerialNumber
from emca_daemon.protocols.acme.email_reply import ChallengeMail
from emca_daemon.protocols.acme.records import (
    Account,
    Authorization,
    AwaitedOrder,
    Binding,
    Challenge,
    Delegation,
    KeyStanding,
    Order,
    RenewalPlan,
    StarOrder,
)
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.settings.acme import Rate


class AcmeReader(Protocol):
    """Questions about ACME's rows."""

    def account(self, account_id: str) -> Account | None:
        """One account."""

    def account_by_key(self, endpoint: str, thumbprint: str) -> Account | None:
        """The endpoint's account with that key."""

    def key_standing(self, key_fingerprint: bytes) -> KeyStanding:
        """Whether a key is an account's, of whatever endpoint, and whether it is blocked."""

    def binding(self, binding_id: str) -> Binding | None:
        """One external account's key."""

    def bindings(self) -> Sequence[Binding]:
        """All of them, oldest first."""

    def delegation(self, delegation_id: str) -> Delegation | None:
        """What was delegated, a revoked one too."""

    def delegations(self, account_id: str | None = None) -> Sequence[Delegation]:
        """An account's delegations, or all of them, oldest first; revoked ones too."""

    def replacement(self, certificate: str) -> str | None:
        """The order that was placed last to replace a certificate, named as RFC 9773 4.1 does."""

    def renewal_plans(self, issuer: IssuerName | None = None) -> Sequence[RenewalPlan]:
        """An issuer's plans, or everybody's, oldest first; cancelled ones too."""

    def star_order(self, order_id: str) -> StarOrder | None:
        """How an order stands whose certificates are renewed automatically."""

    def due_star_orders(self, now: datetime, limit: int) -> Sequence[StarOrder]:
        """Those whose next certificate is due, longest due first."""

    def is_star_certificate(self, issuer: IssuerName, serial: SerialNumber) -> bool:
        """Whether it is the present certificate of such an order."""

    def due_orders(self, now: datetime, limit: int) -> Sequence[AwaitedOrder]:
        """Finalized orders for which CAA is to be asked, longest due first."""

    def mail(self, challenge_id: str) -> ChallengeMail | None:
        """How the mail of a challenge stands."""

    def due_mails(self, endpoint: str, now: datetime, limit: int) -> Sequence[ChallengeMail]:
        """An endpoint's mails that are to be sent, longest due first."""

    def tokens_left(self, subject: str, now: datetime, rate: Rate) -> timedelta:
        """How long until the subject's bucket has a token; nothing if it has one."""

    def order(self, order_id: str) -> Order | None:
        """One order with what it must know of its authorizations."""

    def orders_of(self, account_id: str, after: str, limit: int) -> Sequence[str]:
        """Ids of the account's orders, by id, those greater than `after`."""

    def authorization(self, authorization_id: str) -> Authorization | None:
        """One authorization with its challenges."""

    def challenged(self, challenge_id: str) -> Authorization | None:
        """The authorization that a challenge belongs to, with all its challenges."""

    def valid_authorizations(
        self, account_id: str, identifiers: Sequence[AlternativeName], now: datetime
    ) -> Sequence[Authorization]:
        """The account's valid authorizations for any of these identifiers (no `*.`), longest-lived first, without
        their challenges.
        """

    def due_challenges(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of processing challenges whose next attempt is due and that nobody holds, longest due first."""


class AcmeRows(AcmeReader, Protocol):
    """Changes to ACME's rows."""

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The secret of that name that all processes share; `fresh` becomes it if there is none yet."""

    def spend_nonce(self, nonce: bytes) -> bool:
        """Note a nonce as used; False if it was used before."""

    def spend_nonce_of(self, account_id: str, thumbprint: str, nonce: bytes) -> bool:
        """The same if the account is valid and has that key; False if not so, or if the nonce was used before."""

    def purge_nonces(self, before: bytes, limit: int) -> int:
        """Forget at most `limit` nonces that sort before that value; how many were forgotten."""

    def add_account(self, account: Account) -> bool:
        """Keep a new account; False if the endpoint has one with that key already."""

    def add_binding(self, binding: Binding) -> bool:
        """Keep a new external account's key; False if the identifier is taken."""

    def use_binding(self, binding_id: str) -> bool:
        """Count one use; False if it is revoked or was used as often as it may be."""

    def revoke_binding(self, binding_id: str, now: datetime) -> bool:
        """Let nobody use it any more; False if there is none that is not revoked yet."""

    def add_delegation(self, delegation: Delegation) -> None:
        """Keep a new one."""

    def revoke_delegation(self, delegation_id: str, now: datetime) -> bool:
        """Let nobody order by it any more; False if there is none that is not revoked yet."""

    def replace_certificate(self, certificate: str, order_id: str) -> None:
        """Note that an order is to replace a certificate, in the place of one that was noted before."""

    def add_renewal_plan(self, plan: RenewalPlan) -> None:
        """Keep a new plan."""

    def cancel_renewal_plan(self, plan_id: str, now: datetime) -> bool:
        """End a plan; False if there is none that is not cancelled yet."""

    def keep_star_order(self, star: StarOrder) -> None:
        """Keep a new order to be renewed automatically, or the next certificate of one."""

    def postpone_star_order(self, star: StarOrder, until: datetime) -> bool:
        """Take one that is due, or put it off; False if somebody else did so."""

    def stop_star_order(self, order_id: str) -> None:
        """Issue nothing more for it."""

    def await_order(self, awaited: AwaitedOrder) -> None:
        """Keep a finalized order until CAA was asked."""

    def take_order(self, awaited: AwaitedOrder, until: datetime) -> bool:
        """Take one that is due, for a while; False if somebody else did so."""

    def drop_order(self, order_id: str) -> None:
        """It waits no more."""

    def add_mail(self, mail: ChallengeMail, endpoint: str) -> None:
        """Keep a new challenge's mail."""

    def update_mail(self, old: ChallengeMail, new: ChallengeMail) -> bool:
        """Replace it; False if it was tried again, or answered, since it was read."""

    def take_token(self, subject: str, now: datetime, rate: Rate) -> bool:
        """Take a token out of the subject's bucket, which is filled at that rate; False if it is empty."""

    def forget_buckets(self, now: datetime) -> int:
        """Forget buckets that are full again; how many."""

    def update_account(self, account: Account, expected_thumbprint: str) -> bool:
        """Replace an account whose key is still the expected one.

        Raises Refused(WRONG_STATE) if it is not; False if another account of the endpoint has the new key.
        """

    def add_authorizations(self, fresh: Sequence[Authorization]) -> None:
        """Keep new authorizations with their challenges, of no order yet."""

    def add_order(self, order: Order, fresh: Sequence[Authorization]) -> None:
        """Keep a new order and those of its authorizations that are new."""

    def update_order(self, old: Order, new: Order) -> None:
        """Replace stage, error, CSR and certificate; raises Refused(WRONG_STATE) unless the stage is still the old."""

    def update_authorization(
        self, authorization_id: str, old: AuthorizationStatus, new: AuthorizationStatus, expires: datetime
    ) -> None:
        """Move an authorization; raises Refused(WRONG_STATE) unless it still is in the old state."""

    def prove_authorization(
        self,
        authorization_id: str,
        method: str,
        now: datetime,
        expires: datetime,
        attested_key: bytes | None = None,
    ) -> None:
        """Make a pending authorization valid, perhaps for one key alone.

        Raises Refused(WRONG_STATE) unless it still is pending.
        """

    def forget_orders(self, after: str, before: datetime, limit: int) -> str:
        """Look at the `limit` orders behind that id and forget those that expired before; the last id, or empty."""

    def forget_authorizations(self, after: str, before: datetime, limit: int) -> str:
        """The same for authorizations and their challenges, whatever orders they belong to."""

    def deactivate_authorizations(self, account_id: str) -> None:
        """Deactivate every pending authorization of an account."""

    def update_challenge(self, challenge: Challenge, expected: ChallengeStatus) -> None:
        """Replace a challenge; raises Refused(WRONG_STATE) unless it still is in the expected state."""

    def keep_only_challenge(self, authorization_id: str, challenge_id: str) -> None:
        """Drop the other challenges of an authorization."""

    def release_challenges(self, holder: str | None = None) -> None:
        """End the claims of one holder, or those of everybody."""

    def lease_challenge(self, challenge_id: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take a due, processing challenge that nobody holds; False if it is not there to be taken."""


class Reading(ca.Reading, Protocol):
    """A transaction that changes nothing."""

    @property
    def acme(self) -> AcmeReader:
        """ACME's rows."""


class Writing(ca.Writing, Protocol):
    """A transaction that commits when its block ends and rolls back when it raises."""

    @property
    def acme(self) -> AcmeRows:
        """ACME's rows."""


class AcmeStore(Protocol):
    """A store that holds ACME's rows too."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction; raises Refused(UNAVAILABLE) when the database cannot be reached."""

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writing]:
        """Open a write transaction; raises Refused(UNAVAILABLE) when the database cannot be reached.

        Without `durable` a power failure may undo it: for changes whose loss does no harm.
        """


class Validations(Protocol):
    """Whoever validates challenges, outside the request."""

    def holder(self) -> str:
        """Who may claim a challenge right now, empty if nobody has the time; from any thread."""

    def wake(self, task: ValidationTask) -> None:
        """A challenge became due just now, and is claimed if the task has a holder.

        Called after the commit, from any thread; must not wait or raise.
        """
