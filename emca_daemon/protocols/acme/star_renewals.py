"""Issuing the next certificate of every order that is renewed automatically (RFC 8739 2.2): a duty, no request."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from emca_daemon.ca import ports as ca
from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.records import CertificateRecord
from emca_daemon.clock import Clock
from emca_daemon.errors import Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.csr import request_facts
from emca_daemon.protocols.acme.delegations import stands
from emca_daemon.protocols.acme.ports import AcmeStore, Reading, Writing
from emca_daemon.protocols.acme.records import Account, Order, StarOrder
from emca_daemon.protocols.acme.star import stored_terms
from emca_daemon.protocols.acme.states import AccountStatus, OrderStage
from emca_daemon.settings.acme import AcmeSettings

_AT_ONCE = 20
"""Certificates that one round issues at the most."""

_AGAIN = timedelta(minutes=1)
"""After how long a certificate that could not be issued is tried again."""


@dataclass(frozen=True, slots=True)
class StarRenewals:
    """Looks for what is due, and issues it from the order's own CSR.

    `settings` are those of every endpoint, by name.
    """

    store: AcmeStore
    enrollment: Enrollment
    settings: Mapping[str, AcmeSettings]
    weak_keys: WeakKeys
    clock: Clock

    def run(self) -> int:
        """Issue what is due; how many certificates that was. What is refused is audited, and tried again."""
        with self.store.reading() as tx:
            due = tx.acme.due_star_orders(self.clock(), _AT_ONCE)
        return sum(self._renew(star) for star in due)

    def _renew(self, star: StarOrder) -> bool:
        now = self.clock()
        taken = replace(star, next_issue=now + _AGAIN)
        with self.store.writing() as tx:
            if not tx.acme.postpone_star_order(star, now + _AGAIN):
                return False
            order = tx.acme.order(star.order_id)
            account = None if order is None else tx.acme.account(order.account_id)
            if order is None or account is None or not self._may_go_on(tx, order, account):
                tx.acme.stop_star_order(star.order_id)
                return False
        try:
            self._issue(taken, order, account)
        except Refused:
            return False
        return True

    def _may_go_on(self, tx: Reading | Writing, order: Order, account: Account) -> bool:
        """Not for orders that were canceled, accounts and delegations that are no more, and endpoints that are gone."""
        binding = None if account.binding is None else tx.acme.binding(account.binding)
        suspended = account.binding is not None and (binding is None or binding.revoked is not None)
        suspended = suspended or not stands(tx, order)
        alive = order.stage is OrderStage.VALID and account.status is AccountStatus.VALID
        return alive and not suspended and order.endpoint in self.settings

    def _issue(self, star: StarOrder, order: Order, account: Account) -> None:
        """The certificate of this time; where it comes late, it begins no earlier than its profile allows."""
        settings, now = self.settings[order.endpoint], self.clock()
        profile, terms = settings.profile_of(order.profile), stored_terms(order.auto_renewal or "")
        number = terms.number_at(star.begins, now)
        not_before, not_after = terms.validity(star.begins, number)
        earliest = now.replace(microsecond=0) - self.enrollment.profile(profile).validity.backdate
        url = f"{settings.base_url}/account/{account.id}"
        requester = Requester("acme", url, "auto-renewal", order.endpoint, order.id, order.endpoint)
        facts = request_facts(star.csr, order, requester, self.weak_keys)
        with self.store.reading() as tx:
            blocked = tx.acme.key_standing(facts.key.fingerprint).blocked
        if blocked:
            with self.store.writing() as tx:
                tx.acme.stop_star_order(order.id)
            return
        self.enrollment.enroll(
            replace(facts, not_before=max(not_before, earliest), not_after=not_after),
            profile,
            issuer=settings.issuer,
            reference=order.id,
            companion=_Next(replace(star, next_issue=terms.due(star.begins, number + 1)), order),
        )


class _Next(NoCompanion):
    """Notes the next certificate together with itself."""

    def __init__(self, star: StarOrder, order: Order) -> None:
        self._star = star
        self._order = order

    def issued(self, tx: ca.Writing, record: CertificateRecord) -> None:
        """The order's present certificate is this one."""
        rows = cast(Writing, tx).acme
        intent = record.intent
        rows.keep_star_order(replace(self._star, issuer=intent.issuer, serial=intent.serial))
        rows.update_order(self._order, replace(self._order, issuer=intent.issuer, serial=intent.serial))
